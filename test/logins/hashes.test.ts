import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { hashPassword, verify } from '../../src/logins/hashes.ts';

const status = async (hash: string, password: string) => (await verify(hash, password)).status;

suite('scrypt', () => {
  // From the documentation of Python's passlib, passlib.hash.scrypt.
  const documented = '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E';

  test('a hash that passlib made is the one of its password and of no other', async () => {
    assert.equal(await status(documented, 'password'), 'same');
    assert.equal(await status(documented.replace('+', '.'), 'password'), 'same');
    assert.equal(await status(documented, 'Password'), 'different');
    assert.equal(await status(documented, 'password '), 'different');
  });

  test('a hash that we make is of the same form', async () => {
    const hash = await hashPassword('pässwörd 🔑', Buffer.alloc(16, 1));
    assert.match(hash, /^\$scrypt\$ln=14,r=8,p=1\$AQEBAQEBAQEBAQEBAQEBAQ\$[A-Za-z0-9+/]{43}$/);
    assert.equal(await status(hash, 'pässwörd 🔑'), 'same');
    assert.equal(await status(hash, 'pässwörd'), 'different');
    assert.notEqual(await hashPassword('a'), await hashPassword('a'));
  });

  test('costs and keys out of bounds are not computed', async () => {
    const of = (parameters: string, key = 'A'.repeat(43)) => verify(`$scrypt$${parameters}$c2FsdHNhbHQ$${key}`, 'x');
    const unsupported = (why: string) => ({ status: 'unsupported', why });
    const work = (costs: string) => unsupported(`asks for more work (${costs}) than rosterd does for one login`);
    assert.deepEqual(await of('ln=24,r=8,p=1'), work('N=16777216, r=8, p=1'));
    assert.deepEqual(await of('ln=1,r=1,p=999999999'), work('N=2, r=1, p=999999999'));
    assert.deepEqual(await of('ln=0,r=8,p=1'), unsupported('has cost parameters that scrypt does not have'));
    assert.deepEqual(await of('ln=4,r=0,p=1'), unsupported('has cost parameters that scrypt does not have'));
    assert.deepEqual(await of('ln=4,r=8,p=1', 'AAA'), unsupported('has a key of 2 bytes; 16 to 128 are usual'));
    assert.equal((await of('ln=18,r=8,p=1')).status, 'different', 'the most that is allowed can be computed');
  });
});

test('a form that we do not know is said to be one, not taken for a wrong password', async () => {
  const unknown = { status: 'unsupported', why: 'is of a form that rosterd does not know' };
  for (const hash of ['$9$x', 'plain', '$scrypt$ln=14,r=8,p=1$salt', '$scrypt$ln=14,r=8,p=1$s$k=\n', '*0123']) {
    assert.deepEqual(await verify(hash, 'plain'), unknown);
  }
});

test('the event loop goes on meanwhile', async () => {
  let turns = 0;
  const ticking = setInterval(() => {
    turns += 1;
  }, 1);
  await hashPassword('busy');
  clearInterval(ticking);
  assert.ok(turns > 0);
});
