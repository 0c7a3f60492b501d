import { createServer } from 'node:http';
import { listen } from '../../src/http/listen.ts';
import { socketAddress } from '../../src/systemd/sockets.ts';

/** A process that systemd gave sockets: answers at one of them, the address of which is its argument, until it is asked to end. */
const [address = ''] = process.argv.slice(2);
const server = createServer(async (request, response) => {
  // Whoever called before we were there is here at once.
  response.setHeader('connection', 'close').end(`${await where}\n`);
  if (request.url === '/end') server.close();
});
const where = listen(server, socketAddress(address, process.env, process.pid));
