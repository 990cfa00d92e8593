'use strict';

const maxRows = 100;
const fewRows = 10;
const silenceLimit = 40_000; // The server sends something every 15 seconds.
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
  if (byId('orders-note').dataset.kind !== 'unreadable') note('orders-note', null);
  offerAll();
}

function removeRow(id) {
  rows.get(id).remove();
  rows.delete(id);
}

/** All of them, or the newest few. */
function offerAll() {
  const all = byId('orders').classList.contains('all');
  byId('more').hidden = rows.size <= fewRows;
  byId('more').textContent = all ? `Show the newest ${fewRows}` : `Show all ${rows.size}`;
  byId('more').ariaExpanded = String(all);
}

byId('more').addEventListener('click', () => {
  byId('orders').classList.toggle('all');
  offerAll();
});

/** Reads the orders again. This adds orders that the stream may have missed, and does not duplicate the others. */
async function readOrders() {
  const arrived = arrivedDuringRead = new Set();
  try {
    const orders = await ask(`orders?limit=${maxRows}`);
    if (arrived !== arrivedDuringRead) return; // A newer read is in progress.

    const known = new Set([...arrived, ...orders.map(order => order.id)]);
    for (const id of [...rows.keys()]) {
      if (!known.has(id)) removeRow(id);
    }
    for (const order of orders) showOrder(order, false);
    note('orders-note', rows.size > 0 ? null : 'empty', 'No orders yet. Place one, here or with POST /orders.');
    offerAll();
    arrivedDuringRead = null;
  } catch (error) {
    if (arrived !== arrivedDuringRead) return;
    note('orders-note', 'unreadable', `The orders cannot be read. ${error.message} Trying again …`);
    setTimeout(() => arrived === arrivedDuringRead && readOrders(), 1000);
  }
}

// ---- The sales, as the handler in the server has counted them -----------------------------------------------------------

const products = new Map();

function showSales(sales) {
  if (sales === null) {
    const canRead = state === 'Listening';
    note('products-note', canRead ? 'loading' : 'unreadable', canRead ? 'Reading the sales …' : 'The sales cannot be read at the moment.');
    return;
  }

  const sum = key => sales.reduce((total, product) => total + product[key], 0);
  byId('total-orders').textContent = sum('orders').toLocaleString();
  byId('total-quantity').textContent = sum('quantity').toLocaleString();
  note('products-note', sales.length > 0 ? null : 'empty', 'Nothing sold yet.');

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
let state = 'Connecting';
let lostSince = null;

function connect() {
  source?.close();
  lastHeard = Date.now();
  source = new EventSource('orders/stream');
  on('status', status => {
    lostSince = null;
    showState(status.state, status.since);
    showSales(status.products);
  });
  on('resync', () => readOrders());
  on('order', order => {
    showOrder(order, true);
    seen(order.id);
  });
  source.onerror = () => {
    // The browser reconnects by itself, and says which event it has got last, unless the server answered with an error.
    lose();
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
  };
}

function on(name, show) {
  source.addEventListener(name, event => {
    lastHeard = Date.now();
    show(JSON.parse(event.data));
  });
}

function lose() {
  lostSince ??= new Date();
  showState('Lost', lostSince);
  if (byId('products-note').dataset.kind === 'loading') showSales(null);
}

// A lost connection may not be reported. It shows only by the absence of events.
setInterval(() => {
  if (Date.now() - lastHeard > silenceLimit) {
    lose();
    connect();
  }
}, 5000);

// ---- Whether the shop is open -------------------------------------------------------------------------------------------

const outages = {
  Lost: 'There has been no connection to the shop since {time}. Trying again …',
  Connecting: 'The shop has been connecting to its database since {time}. Orders can be placed once it is there.',
  Reconnecting: 'The shop has had no connection to its database since {time}. Orders can be placed once it is back.',
  Stopping: 'The shop is closing.',
  Stopped: 'The shop is closed.',
};

function showState(now, since) {
  state = now;
  byId('state').dataset.state = state;
  setText('state', state === 'Lost' ? 'Connection lost' : state);
  const isOpen = state === 'Listening';
  byId('outage').hidden = isOpen;
  setText('outage', isOpen ? '' : outages[state].replace('{time}', new Date(since).toLocaleTimeString()));
  if (isOpen) byId('problem').hidden = true; // The problem is over.
  enableButtons();
}

// ---- Placing orders, and how long it takes until the stream brings them -------------------------------------------------

const placedAt = new Map();
const seenAt = new Map();
const latencies = [];

async function place() {
  const order = { product: menu[Math.floor(Math.random() * menu.length)], quantity: 1 + Math.floor(Math.random() * 5) };
  const started = performance.now();
  const answer = await ask('orders', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(order) });
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

const buttons = [[byId('place'), 1], [byId('place-many'), 25]];
let isPlacing = false;

/** The buttons keep the focus while they cannot be used, which disabled buttons do not. */
function enableButtons() {
  for (const [button] of buttons) button.ariaDisabled = String(isPlacing || state !== 'Listening');
}

async function placeMany(count) {
  if (isPlacing || state !== 'Listening') return;
  isPlacing = true;
  enableButtons();
  byId('problem').hidden = true;
  let left = count;
  try {
    // A browser has six connections to a server, and the stream is one of them.
    await Promise.all(Array.from({ length: Math.min(count, 4) }, async () => {
      while (left-- > 0) await place();
    }));
  } catch (error) {
    byId('problem').textContent = `The order was not placed. ${error.message}`;
    byId('problem').hidden = false;
  } finally {
    isPlacing = false;
    enableButtons();
  }
}

for (const [button, count] of buttons) button.addEventListener('click', () => placeMany(count));

// ---- Small things -------------------------------------------------------------------------------------------------------

/** Sends a request to the server. The message of an error can be shown to users. */
async function ask(address, request) {
  let response;
  try {
    response = await fetch(address, request);
  } catch {
    throw new Error('The shop cannot be reached.');
  }

  if (response.ok) return response.json();
  const { detail, title } = await response.json().catch(() => ({}));
  throw new Error(detail ?? title ?? `The shop answered with status ${response.status}.`);
}

function note(id, kind, text) {
  byId(id).hidden = kind === null;
  byId(id).dataset.kind = kind ?? '';
  setText(id, kind === null ? '' : text);
}

/** Sets a text only if it has changed, so that screen readers do not announce it again. */
function setText(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

/** Everything is inserted into the page as text, never as markup. */
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
readOrders();
