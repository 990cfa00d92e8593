'use strict';

const maxRows = 100;
const heartbeatLimit = 25_000; // The server sends something every 10 seconds.
const menu = ['Espresso', 'Flat white', 'Cappuccino', 'Iced tea', 'Croissant', 'Cinnamon roll', 'Lemon cake', 'Bagel'];
const byId = id => document.getElementById(id);

// ---- The orders: a row for each id, newest first ------------------------------------------------------------------------

const rows = new Map();
let arrivedDuringRead = null;

function showOrder(order, isFresh) {
  arrivedDuringRead?.add(order.id);
  if (rows.has(order.id)) return;

  const row = document.createElement('li');
  row.dataset.id = order.id;
  row.classList.toggle('fresh', isFresh);
  const text = document.createElement('div');
  text.append(
    element('div', 'product', order.product),
    element('div', 'when', `#${order.id} · ${new Date(order.placedAt).toLocaleTimeString()}`));
  const initial = element('span', 'initial', [...order.product.trim()][0]?.toUpperCase() ?? '?');
  initial.ariaHidden = 'true';
  row.style.setProperty('--hue', hueOf(order.product));
  row.append(initial, text, element('span', 'took', ''), element('span', 'quantity', `× ${order.quantity}`));

  const list = byId('orders');
  const older = [...list.children].find(other => Number(other.dataset.id) < order.id);
  list.insertBefore(row, older ?? null);
  rows.set(order.id, row);
  while (rows.size > maxRows) removeRow(Number(list.lastElementChild.dataset.id));
  byId('no-orders').hidden = true;
}

function removeRow(id) {
  rows.get(id).remove();
  rows.delete(id);
}

/** Reads the orders again: whatever the stream may have left out is then here, and what is here already is not doubled. */
async function readOrders() {
  const arrived = arrivedDuringRead = new Set();
  try {
    const response = await fetch(`orders?limit=${maxRows}`);
    if (!response.ok) throw new Error(response.statusText);
    const orders = await response.json();
    if (arrived !== arrivedDuringRead) return; // A newer reading is on its way.

    const known = new Set([...arrived, ...orders.map(order => order.id)]);
    for (const id of [...rows.keys()]) {
      if (!known.has(id)) removeRow(id);
    }
    for (const order of orders) showOrder(order, false);
    byId('no-orders').hidden = rows.size > 0;
    arrivedDuringRead = null;
  } catch {
    if (arrived === arrivedDuringRead) setTimeout(() => arrived === arrivedDuringRead && readOrders(), 1000);
  }
}

// ---- The sales, as the handler in the server has counted them -----------------------------------------------------------

const products = new Map();

function showSales(sales) {
  const sum = key => sales.reduce((total, product) => total + product[key], 0);
  byId('total-orders').textContent = sum('orders').toLocaleString();
  byId('total-quantity').textContent = sum('quantity').toLocaleString();
  byId('no-products').hidden = sales.length > 0;

  const top = sales.slice(0, 12);
  for (const [name, item] of products) {
    if (!top.some(product => product.product === name)) {
      item.remove();
      products.delete(name);
    }
  }
  top.forEach((product, index) => {
    const item = products.get(product.product) ?? createProduct(product.product);
    item.querySelector('.quantity').textContent = product.quantity.toLocaleString();
    item.style.setProperty('--share', product.quantity / top[0].quantity);
    const list = byId('products');
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
}

function createProduct(name) {
  const item = document.createElement('li');
  const line = element('div', 'line', '');
  line.append(element('span', 'product', name), element('span', 'quantity', ''));
  const bar = element('div', 'bar', '');
  bar.append(document.createElement('i'));
  item.append(line, bar);
  products.set(name, item);
  return item;
}

// ---- The stream ---------------------------------------------------------------------------------------------------------

let source;
let lastHeard;

function connect() {
  source?.close();
  lastHeard = Date.now();
  source = new EventSource('orders/stream');
  on('hello', status => showState(status.state));
  on('state', status => showState(status.state));
  on('resync', () => readOrders());
  on('sales', showSales);
  on('order', order => {
    showOrder(order, true);
    seen(order.id);
  });
  source.onerror = () => {
    // The browser connects again by itself, unless it was told no (the server answered with an error).
    showState('Lost');
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
  };
}

function on(name, show) {
  source.addEventListener(name, event => {
    lastHeard = Date.now();
    show(JSON.parse(event.data));
  });
}

// A connection can die without anybody being told: then nothing is heard any more.
setInterval(() => {
  if (Date.now() - lastHeard > heartbeatLimit) {
    showState('Lost');
    connect();
  }
}, 5000);

function showState(state) {
  const badge = byId('state');
  if (badge.dataset.state !== state) {
    badge.dataset.state = state;
    badge.textContent = state === 'Lost' ? 'Connection lost' : state;
  }
  byId('lost').hidden = state !== 'Lost';
}

// ---- Placing orders, and how long it takes until the stream brings them -------------------------------------------------

const placedAt = new Map();
const seenAt = new Map();
const latencies = [];

async function place() {
  const order = { product: menu[Math.floor(Math.random() * menu.length)], quantity: 1 + Math.floor(Math.random() * 5) };
  const started = performance.now();
  const response = await fetch('orders', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(order),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail ?? answer.title);
  placedAt.set(answer.id, started);
  showLatency(answer.id);
}

function seen(id) {
  seenAt.set(id, performance.now());
  showLatency(id);
  if (seenAt.size > 1000) seenAt.delete(seenAt.keys().next().value);
}

/** The event may come before the answer to the POST. */
function showLatency(id) {
  if (!placedAt.has(id) || !seenAt.has(id)) return;

  const latency = seenAt.get(id) - placedAt.get(id);
  placedAt.delete(id);
  seenAt.delete(id);
  latencies.push(latency);
  if (latencies.length > 101) latencies.shift();
  byId('latency').textContent = format(latency);
  byId('latency-median').textContent = format(latencies.toSorted((a, b) => a - b)[latencies.length >> 1]);
  const took = rows.get(id)?.querySelector('.took');
  if (took) took.textContent = `${format(latency)} ms`;
}

async function placeMany(button, count) {
  button.disabled = true;
  byId('problem').hidden = true;
  let left = count;
  try {
    // A browser has six connections to a server, and the stream is one of them.
    await Promise.all(Array.from({ length: Math.min(count, 4) }, async () => {
      while (left-- > 0) await place();
    }));
  } catch (error) {
    const reason = error instanceof TypeError ? 'The shop cannot be reached.' : error.message;
    byId('problem').textContent = `The order was not placed. ${reason}`;
    byId('problem').hidden = false;
  } finally {
    button.disabled = false;
  }
}

byId('place').addEventListener('click', event => placeMany(event.currentTarget, 1));
byId('place-many').addEventListener('click', event => placeMany(event.currentTarget, 25));

// ---- Small things -------------------------------------------------------------------------------------------------------

/** Text only ever goes into the page as text. */
function element(tag, className, text) {
  const created = document.createElement(tag);
  created.className = className;
  created.textContent = text;
  return created;
}

function hueOf(text) {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  return (hash * 137) % 360;
}

function format(milliseconds) {
  return milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds).toString();
}

connect();
