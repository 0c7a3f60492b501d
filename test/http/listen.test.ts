import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { connect, createServer, type NetConnectOpts } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { listen } from '../../src/http/listen.ts';
import { temporaryFolder } from '../support/folder.ts';
import { freePort } from '../support/port.ts';
import { startProgram } from '../support/program.ts';
import { without } from '../support/skips.ts';

const MODULE = new URL('../../src/http/listen.ts', import.meta.url).href;

/** Opens what is its descriptor 3, says where that is, and ends after one connection. */
const HEIR = `
  import { createServer } from 'node:net';
  import { listen } from '${MODULE}';
  const server = createServer(socket => {
    socket.end('welcome');
    server.close();
  });
  console.log('listens on ' + (await listen(server, 'fd:3')));`;

/** Opens a door, as descriptor 3, and becomes the heir: Node lets nobody inherit without listening itself. */
const opener = (family: string, address: string) => `
  use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);
  $^F = 10;
  my $door;
  socket($door, ${family}, SOCK_STREAM, 0) && bind($door, ${address}) && listen($door, 10) or die "door: $!";
  exec @ARGV;`;

/** The address that a process tells which inherits a door; it is called at that door. */
async function inherited(perl: string, at: NetConnectOpts): Promise<string> {
  await using heir = await startProgram('perl', ['-e', perl, process.execPath, '--input-type=module', '-e', HEIR]);
  const [, address = ''] = await heir.waitFor(/listens on (.*)\n/);
  assert.equal(await text(connect(at)), 'welcome');
  assert.equal((await heir.exited).code, 0, heir.output);
  return address;
}

const hasIPv6 = Object.values(networkInterfaces()).some(all => all?.some(({ address }) => address === '::1'));

suite('a door that was handed over', { skip: without('perl') }, () => {
  test('is used, and its real address told', async () => {
    const port = await freePort();
    const perl = opener('AF_INET', `pack_sockaddr_in(${port}, inet_aton("127.0.0.1"))`);
    assert.equal(await inherited(perl, { port, host: '127.0.0.1' }), `127.0.0.1:${port}`);
  });

  test('has brackets where it is of IPv6', { skip: !hasIPv6 && 'this machine has no IPv6' }, async () => {
    const port = await freePort();
    const perl = opener('AF_INET6', `pack_sockaddr_in6(${port}, inet_pton(AF_INET6, "::1"))`);
    assert.equal(await inherited(perl, { port, host: '::1' }), `[::1]:${port}`);
  });

  test('stays where it is when it is a Unix socket, and its path is told', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a socket');
    assert.equal(await inherited(opener('AF_UNIX', `pack_sockaddr_un("${path}")`), { path }), `unix:${path}`);
    assert.ok(existsSync(path));
  });
});

test('a port is told with its host, and one that is taken is refused', async () => {
  const [one, other] = [createServer(), createServer()];
  const address = await listen(one, '127.0.0.1:0');
  assert.match(address, /^127\.0\.0\.1:[1-9]\d*$/);
  await assert.rejects(listen(other, address), { code: 'EADDRINUSE' });
  one.close();
});
