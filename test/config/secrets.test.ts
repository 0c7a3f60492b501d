import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fillSecrets } from '../../src/config/secrets.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startProgram } from '../support/program.ts';
import { unlessRoot } from '../support/skips.ts';

/** As an account that may not read what others keep to themselves, which for root is another one. */
function asAnother<Result>(work: () => Result): Result {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(65534);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}

test('a secret that only root may read is refused with the way in which systemd hands it over', async () => {
  await using folder = await temporaryFolder();
  chmodSync(folder.path, 0o755);
  const file = join(folder.path, 'hr_password');
  writeFileSync(file, 's3cret\n');
  chmodSync(file, process.getuid?.() === 0 ? 0o600 : 0);
  for (const name of ['hr_password', file]) {
    const document = { store: { password: `\${file:${name}}` } };
    const { problems } = asAnother(() => fillSecrets(document, { env: {}, folder: folder.path }));
    assert.deepEqual(problems, [
      `store.password: ${file}: the account that rosterd runs as may not read it; run "systemctl edit rosterd", write LoadCredential=hr_password:${file} below [Service], use it as \${file:hr_password}, and restart rosterd`,
    ]);
  }
});

test('for a reload what was not handed over is refused, unless the daemon may read it', {
  skip: unlessRoot(),
}, async t => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'hr_password');
  writeFileSync(file, 's3cret\n', { mode: 0o600 });
  const document = { store: { password: '${file:hr_password}' } };
  const problemsFor = (env: Record<string, string>) => fillSecrets(document, { env, folder: folder.path }).problems;
  const another = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  await using daemon = await startProgram('setpriv', [...another, 'sh', '-c', 'echo up; exec sleep 60']);
  await daemon.waitFor(/up/, 10_000);
  const credentials = join(folder.path, 'credentials');
  const reloading = (pid: number) => ({ CREDENTIALS_DIRECTORY: `/proc/${pid}/root${credentials}` });
  assert.deepEqual(problemsFor({}), [], 'root that looks at it for itself');
  assert.deepEqual(problemsFor({ CREDENTIALS_DIRECTORY: credentials }), [], 'a service that is root');
  assert.deepEqual(problemsFor(reloading(process.pid)), [], 'a daemon that is root');
  assert.deepEqual(problemsFor(reloading(0)), [], 'a daemon that cannot be looked at');
  if (!existsSync(`/proc/${daemon.pid}/root/`)) return t.skip('root may not look into every process here');
  assert.deepEqual(problemsFor(reloading(daemon.pid)), [
    `store.password: ${file}: systemd did not hand it over, and the daemon may not read it itself; run "systemctl edit rosterd", write LoadCredential=hr_password:${file} below [Service], use it as \${file:hr_password}, and restart rosterd`,
  ]);
  chownSync(file, 65534, 65534);
  assert.deepEqual(problemsFor(reloading(daemon.pid)), [], 'a daemon whose own file it is');
  chownSync(file, 0, 0);
  mkdirSync(credentials);
  writeFileSync(join(credentials, 'hr_password'), 's3cret\n');
  assert.deepEqual(problemsFor(reloading(daemon.pid)), [], 'handed over');
});
