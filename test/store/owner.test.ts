import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type Digest, snapshotNumber } from '../../src/roster/model.ts';
import { BodyDraft, BodyUnwritable } from '../../src/runs/body-file.ts';
import { tokensInFile } from '../../src/sources/rest/tokens.ts';
import { lockStore, openStore } from '../../src/store/open.ts';
import { copyFile } from '../../src/store/sqlite.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';
import { unlessRoot } from '../support/skips.ts';

const NOBODY = 65534;

/** A folder of another account's, as systemd makes one for the daemon; or of root's own. */
function folderOf(parent: TemporaryFolder, uid: number): string {
  const folder = join(parent.path, `of-${uid}`);
  mkdirSync(folder, { mode: 0o700 });
  chownSync(folder, uid, uid);
  return folder;
}

const ownersIn = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map(name => {
        const { uid, gid, mode } = statSync(join(folder, name));
        return [name, `${uid}:${gid} ${(mode & 0o777).toString(8)}`];
      }),
  );

/** Everything that a command of root's may make there, while all of it is in use. */
async function makeAll(folder: string): Promise<Record<string, string>> {
  const config = { url: `sqlite:${join(folder, 'roster.db')}` };
  await using store = await openStore(config, { migrate: true });
  await using _run = (await store.lock('run')) ?? null;
  await using _serve = (await lockStore(config, 'serve')) ?? null;
  await copyFile(join(folder, 'roster.db'), join(folder, 'roster.db.before-x'));
  tokensInFile(join(folder, 'hr.tokens'), 'hr').save({ response: {}, expires: undefined });
  return ownersIn(folder);
}

const MADE = ['hr.tokens', 'roster.db', 'roster.db-run-lock', 'roster.db-serve-lock', 'roster.db.before-x'];

suite('what root makes', { skip: unlessRoot() }, () => {
  for (const uid of [NOBODY, 0]) {
    test(`in a folder that belongs to ${uid} belongs to ${uid}, and nobody else can read it`, async () => {
      await using parent = await temporaryFolder();
      const owners = await makeAll(folderOf(parent, uid));
      for (const name of MADE) assert.ok(name in owners, name);
      assert.ok('roster.db-wal' in owners && 'roster.db-shm' in owners);
      for (const [name, owner] of Object.entries(owners)) assert.equal(owner, `${uid}:${uid} 600`, name);
    });
  }

  test("is no folder of kept answers where the store is not root's: the daemon could not use it", async () => {
    await using parent = await temporaryFolder();
    const theirs = folderOf(parent, NOBODY);
    const id = { number: snapshotNumber(1), digest: 'x' as Digest, purged: '' };
    const opening = BodyDraft.open({ folder: join(theirs, 'roster.db-bodies'), id, encoding: 'identity' });
    await assert.rejects(opening, (error: Error) => {
      assert.ok(error instanceof BodyUnwritable);
      assert.equal(error.message, `the folder ${theirs} belongs to another account, and this is root`);
      return true;
    });
    assert.deepEqual(readdirSync(theirs), []);
  });
});
