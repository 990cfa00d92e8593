'use strict';

// A consumer's process in JavaScript. It obeys the same lines as ConsumerProgram, and measures what Meter does, except what Node.js does not tell: allocations.
const readline = require('node:readline');
const { Client } = require('pg');

const channel = 'bench';
const kind = process.argv[2];
const settings = JSON.parse(process.env.PGLISTENER_BENCH_SETTINGS);
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
const say = line => process.stdout.write(line + '\n');
const now = () => process.hrtime.bigint();

/** The password has letters and digits only, so nothing in the connection string is quoted. */
function configuration() {
  const values = new Map(settings.ConnectionString.split(';').map(part => part.split('=')).map(([key, value]) => [key.toLowerCase(), value]));
  return {
    host: values.get('host'),
    port: Number(values.get('port')),
    user: values.get('username'),
    password: values.get('password'),
    database: values.get('database'),
  };
}

const meter = {
  order: { Count: 0 }, count: 0, sum: 0, first: 0n, end: null, begin: null, latencies: null, done: null, finish: null, heard: null,

  async arm(order) {
    this.order = order;
    this.count = this.sum = 0;
    this.first = 0n;
    this.latencies = order.Latency ? [] : null;
    this.done = new Promise(resolve => this.finish = resolve);
    await calm();
    global.gc();
    this.begin = { at: now(), cpu: process.cpuUsage() };
  },

  hit(order) {
    if (order.id === 0) {
      this.heard();
      return;
    }
    if (this.first === 0n)
      this.first = now();
    if (this.latencies !== null)
      this.latencies.push(Number(now() - BigInt(order.sent)) / 1000);
    this.count++;
    this.sum += order.id;
    if (this.count === this.order.Count) {
      this.end = { at: now(), cpu: process.cpuUsage(this.begin.cpu) };
      this.finish();
    }
  },

  async collect() {
    if (this.order.Count === 0)
      this.end = { at: now(), cpu: process.cpuUsage(this.begin.cpu) };
    else
      await this.done;
    const { Count: count } = this.order;
    if (this.count !== count || this.sum !== count * (count + 1) / 2)
      throw new Error(`The handler got ${this.count} notifications with the sum ${this.sum}, not ${count}.`);

    const seconds = Number(this.end.at - (this.first === 0n ? this.begin.at : this.first)) / 1e9;
    const cpu = this.end.cpu.user + this.end.cpu.system;
    const figures = { count, elapsed_ms: seconds * 1e3, cpu_ms: cpu / 1e3 };
    if (count > 0)
      Object.assign(figures, { rate: count / seconds, call_rate: count / seconds, cpu_ns: cpu * 1e3 / count });
    if (this.latencies !== null) {
      this.latencies.sort((a, b) => a - b);
      const at = quantile => this.latencies[Math.ceil(quantile * count) - 1];
      Object.assign(figures, { p50_us: at(0.5), p99_us: at(0.99), max_us: at(1) });
    }
    return figures;
  },
};

/** Waits until the process is idle: after a warm-up, functions are compiled in the background for a while. */
async function calm() {
  for (let quiet = 0, spans = 0; quiet < 3 && spans < 60; spans++) {
    const before = process.cpuUsage();
    await pause(40);
    const { user, system } = process.cpuUsage(before);
    quiet = user + system < 1000 ? quiet + 1 : 0;
  }
}

const starts = {
  async 'node-pg'() {
    const client = new Client(configuration());
    client.on('notification', message => meter.hit(JSON.parse(message.payload)));
    await client.connect();
    await client.query(`LISTEN ${channel}`);
  },

  async 'node-pg-listen'() {
    const createSubscriber = require('pg-listen').default;
    const subscriber = createSubscriber(configuration());
    subscriber.events.on('error', fail);
    subscriber.notifications.on(channel, order => meter.hit(order));
    await subscriber.connect();
    await subscriber.listenTo(channel);
  },
};

function fail(error) {
  say('FAILED ' + String(error.stack ?? error).replaceAll('\n', ' '));
  process.exit(1);
}

async function obey(line) {
  if (line.startsWith('ARM ')) {
    await meter.arm(JSON.parse(line.slice(4)));
    return 'ARMED';
  }
  if (line.startsWith('COLLECT '))
    return 'RESULT ' + JSON.stringify(await meter.collect());
  throw new Error(`Not understood: ${line}`);
}

async function run() {
  const heard = new Promise(resolve => meter.heard = resolve);
  await starts[kind]();
  say('STARTED');
  await heard;
  say('READY');
  for await (const line of readline.createInterface({ input: process.stdin }))
    say(await obey(line));
  process.exit(0);
}

run().catch(fail);
