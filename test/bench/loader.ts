import { connect } from 'node:net';

// A process that asks a server for the same again and again on several connections, and prints how many answers came in a
// second. It looks at no byte of a body, so that the server is what is measured; an answer that is still under way at the
// end counts by its part:
// node loader.ts HOST:PORT MILLISECONDS CONNECTIONS HEADERS (those in JSON)

const [address = '', milliseconds, connections, headers = '{}'] = process.argv.slice(2);
const { hostname: host, port } = new URL(`http://${address}`);
const lines = Object.entries(JSON.parse(headers)).map(([name, value]) => `${name}: ${value}\r\n`);
const request = `POST /sync HTTP/1.1\r\nhost: ${address}\r\ncontent-length: 0\r\n${lines.join('')}\r\n`;

let answers = 0;

/** Asks until it is told to stop. */
function ask(): { stop(): void } {
  /** Bytes of the body: all of it, and those still to come, of which there are none while the head comes. */
  let whole = 1;
  let missing = 0;
  let head = '';
  const take = (length: number, bytes: Uint8Array) => {
    let taken = length;
    if (missing === 0) {
      const before = head.length;
      head += Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return true;
      if (!head.startsWith('HTTP/1.1 200')) throw new Error(head.split('\r\n')[0]);
      whole = Number(head.match(/^content-length: (\d+)/im)?.[1]);
      missing = whole;
      taken = before + length - (end + 4);
      head = '';
    }
    missing -= taken;
    answers += taken / whole;
    if (missing === 0) socket.write(request);
    return true;
  };
  const onread = { buffer: Buffer.alloc(1 << 18), callback: take };
  const socket = connect({ host, port: Number(port), noDelay: true, onread });
  socket.on('connect', () => socket.write(request));
  return { stop: () => socket.destroy() };
}

const all = Array.from({ length: Number(connections) }, ask);
const began = performance.now();
setTimeout(() => {
  const seconds = (performance.now() - began) / 1000;
  for (const one of all) one.stop();
  process.stdout.write(`${answers / seconds}\n`);
}, Number(milliseconds));
