'use strict';

/**
 * SignalR's JSON protocol on a WebSocket, as far as a chat needs it: records that end with U+001E. Type 1 is a call,
 * 3 its completion, and 6 a ping. It reconnects until the page is closed. In an application, use the package @microsoft/signalr.
 */
function connectToHub(path, { onOpen, onClose, ...handlers }) {
  const url = new URL(path, location.href.replace(/^http/, 'ws'));
  const aliveEvery = 15_000, silentFor = 30_000;
  let socket, calls, heard;

  const send = record => socket.send(JSON.stringify(record) + '\u001e');

  function read(record) {
    if (record.type === undefined && !record.error) onOpen(); // The answer to the handshake.
    else if (record.type === 1) handlers[record.target]?.(...record.arguments);
    else if (record.type === 3 && record.error) calls[record.invocationId].reject(new Error(record.error));
    else if (record.type === 3) calls[record.invocationId].resolve(record.result);
  }

  function connect() {
    socket = new WebSocket(url);
    calls = [];
    socket.onopen = () => { heard = Date.now(); send({ protocol: 'json', version: 1 }); };
    socket.onmessage = ({ data }) => { heard = Date.now(); data.split('\u001e').filter(Boolean).forEach(text => read(JSON.parse(text))); };
    socket.onclose = () => { calls.forEach(call => call.reject(new Error('The connection is lost.'))); onClose(); setTimeout(connect, 1000); };
  }

  setInterval(() => socket.readyState === 1 && (Date.now() - heard > silentFor ? socket.close() : send({ type: 6 })), aliveEvery);
  connect();

  return (target, ...args) => new Promise((resolve, reject) => {
    if (socket.readyState !== 1) throw new Error('There is no connection.');
    send({ type: 1, target, arguments: args, invocationId: String(calls.push({ resolve, reject }) - 1) });
  });
}
