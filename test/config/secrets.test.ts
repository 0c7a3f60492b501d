import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fillSecrets } from '../../src/config/secrets.ts';
import { temporaryFolder } from '../support/folder.ts';

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
