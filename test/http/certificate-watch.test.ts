import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { makeCertificate } from '../../scripts/certificate.ts';
import { type Certificate, type CertificateFiles, readCertificate } from '../../src/http/certificate.ts';
import { type CertificateWatch, watchCertificate } from '../../src/http/certificate-watch.ts';
import { makeCertificates } from '../support/certificates.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';

const DAY = 86_400_000;

/** A watch with a clock that only the test moves, and all that it told. */
interface Watched extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly files: CertificateFiles;
  readonly watch: CertificateWatch;
  readonly first: Certificate;
  readonly changes: Certificate[];
  readonly refusals: string[];
  readonly steps: unknown[];
  /** So many days from the end of the first certificate, or of another. */
  toDaysBefore(days: number, end?: Date): void;
}

async function watched({ daysLeft = 5, every = DAY } = {}): Promise<Watched> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const { certFile: cert, keyFile: key } = await makeCertificates(folder.path);
  const files = { cert, key };
  const first = readCertificate(files, new Date());
  let now = new Date(first.expires.getTime() - daysLeft * DAY);
  const [changes, refusals, steps]: [Certificate[], string[], unknown[]] = [[], [], []];
  const watch = stack.use(
    watchCertificate({
      files,
      every,
      now: () => now,
      current: first,
      onChange: certificate => changes.push(certificate),
      onRefused: error => refusals.push(error.message),
      onExpiry: (step, { digest }) => steps.push(digest === first.digest ? step : `another: ${step}`),
    }),
  );
  const owned = stack.move();
  return {
    folder,
    files,
    watch,
    first,
    changes,
    refusals,
    steps,
    toDaysBefore: (days, end = first.expires) => {
      now = new Date(end.getTime() - days * DAY);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const utc = (date: Date) => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Writes a certificate, for so many days from a moment on, and its key where the others were. */
async function put(files: CertificateFiles, wish: { days: number; now: Date }): Promise<Certificate> {
  const made = await makeCertificate({ hosts: ['localhost'], ...wish });
  for (const which of ['cert', 'key'] as const) writeFileSync(files[which], made[which]);
  return readCertificate(files, wish.now);
}

/** Another certificate with its key, in a folder of its own. */
async function another() {
  const folder = await temporaryFolder();
  const { certFile: cert, keyFile: key } = await makeCertificates(folder.path);
  return { cert, key, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

suite('a watch over a certificate', () => {
  test('says nothing while nothing changes, also when the files are written anew', async () => {
    await using at = await watched();
    at.watch.look();
    const copy = `${at.files.cert}.copy`;
    copyFileSync(at.files.cert, copy);
    renameSync(copy, at.files.cert);
    at.watch.look();
    at.watch.look();
    assert.deepEqual([at.changes, at.refusals], [[], []]);
    assert.equal(at.watch.current, at.first);
  });

  test('takes another pair as soon as both fit, and raises no alarm half-way', async () => {
    await using at = await watched();
    await using next = await another();
    copyFileSync(next.cert, at.files.cert);
    at.watch.look();
    assert.equal(at.watch.current, at.first);
    copyFileSync(next.key, at.files.key);
    at.watch.look();
    assert.deepEqual([at.changes.length, at.refusals], [1, []]);
    assert.equal(at.watch.current.digest, readCertificate(next, new Date()).digest);
    assert.equal(at.changes[0], at.watch.current);
    at.watch.look();
    assert.equal(at.changes.length, 1);
    // And the next time, half-way in the same manner.
    await using later = await another();
    copyFileSync(later.cert, at.files.cert);
    at.watch.look();
    copyFileSync(later.key, at.files.key);
    at.watch.look();
    assert.deepEqual([at.changes.length, at.refusals], [2, []]);
  });

  test('sees links that lead elsewhere', async () => {
    await using at = await watched();
    await using next = await another();
    for (const which of ['cert', 'key'] as const) {
      rmSync(at.files[which]);
      symlinkSync(next[which], at.files[which]);
    }
    at.watch.look();
    assert.equal(at.watch.current.digest, readCertificate(next, new Date()).digest);
  });

  test('tells once what stays wrong, shows the one before, and tells it again when it comes again', async () => {
    await using at = await watched();
    await using next = await another();
    const [good, bad] = [join(at.folder.path, 'good'), next.key];
    copyFileSync(at.files.key, good);
    const told = `server.tls.key: ${at.files.key} is the key to another certificate than ${at.files.cert}; name two files that were made together`;
    for (const times of [1, 2]) {
      copyFileSync(bad, at.files.key);
      for (let looks = 0; looks < 4; looks += 1) at.watch.look();
      assert.deepEqual(at.refusals, Array(times).fill(told));
      copyFileSync(good, at.files.key);
      at.watch.look();
    }
    assert.deepEqual([at.changes, at.watch.current], [[], at.first]);
  });

  test('tells each thing that is wrong, one after the other', async () => {
    await using at = await watched();
    const { cert, key } = at.files;
    const wrongs: [wrong: () => void, told: string][] = [
      [() => chmodSync(key, 0o644), `server.tls.key: ${key} is open to everybody`],
      [() => rmSync(key), `server.tls.key: ${key}: no such file`],
      [() => writeFileSync(key, 'rubbish', { mode: 0o600 }), `server.tls.key: ${key} holds no private key`],
      [() => writeFileSync(cert, 'rubbish'), `server.tls.cert: ${cert} holds no certificate`],
      [() => rmSync(cert), `server.tls.cert: ${cert}: no such file`],
    ];
    for (const [wrong, told] of wrongs) {
      wrong();
      at.watch.look();
      at.watch.look();
      assert.ok(at.refusals.at(-1)?.startsWith(told), at.refusals.at(-1));
    }
    assert.deepEqual([at.refusals.length, at.watch.current], [wrongs.length, at.first]);
  });

  test('shows none outside of its time while the one before is in it, and any once that is not', async () => {
    await using at = await watched({ daysLeft: 5 });
    const { cert } = at.files;
    const stays = `; the one before, which is valid until ${utc(at.first.expires)}, is shown on`;
    const clock = new Date(at.first.expires.getTime() - 5 * DAY);
    const past = await put(at.files, { days: 1, now: new Date(clock.getTime() - 2 * DAY) });
    at.watch.look();
    at.watch.look();
    const early = await put(at.files, { days: 1, now: new Date(clock.getTime() + DAY) });
    at.watch.look();
    at.watch.look();
    assert.deepEqual(at.refusals, [
      `server.tls.cert: ${cert} expired on ${utc(past.expires)}${stays}`,
      `server.tls.cert: ${cert} is not valid before ${utc(early.from)}${stays}`,
    ]);
    assert.deepEqual(at.changes, []);
    at.toDaysBefore(0, early.from);
    at.watch.look();
    assert.equal(at.changes.length, 1);
    at.toDaysBefore(-1, early.expires);
    await put(at.files, { days: 1, now: new Date(clock.getTime() - 2 * DAY) });
    at.watch.look();
    assert.equal(at.changes.length, 2, 'the one before was of no more use');
  });

  test('looks by itself until it is disposed of', async () => {
    await using at = await watched({ every: 5 });
    await using next = await another();
    const seen = Promise.withResolvers<void>();
    at.changes.push = (...more) => {
      seen.resolve();
      return Array.prototype.push.apply(at.changes, more);
    };
    for (const which of ['key', 'cert'] as const) copyFileSync(next[which], at.files[which]);
    const alive = setTimeout(() => {}, 20_000);
    await seen.promise;
    clearTimeout(alive);
    assert.equal(at.changes.length, 1);
  });
});

suite('the end of a certificate is told', () => {
  test('at the start, once for each step, and once a day after it', async () => {
    await using at = await watched({ daysLeft: 29 });
    assert.deepEqual(at.steps, [30]);
    for (const days of [28, 8, 7, 6.5, 2, 1, 0.5, 0.01, 0, -0.5, -0.99, -1, -1.5, -2]) {
      at.toDaysBefore(days);
      at.watch.look();
    }
    assert.deepEqual(at.steps, [30, 7, 1, 'expired', 'expired', 'expired']);
  });

  test('only by the step that it has come to', async () => {
    await using near = await watched({ daysLeft: 0.5 });
    assert.deepEqual(near.steps, [1]);
    await using past = await watched({ daysLeft: -3 });
    assert.deepEqual(past.steps, ['expired']);
    await using far = await watched({ daysLeft: 31 });
    far.watch.look();
    assert.deepEqual(far.steps, []);
  });

  test('is not told again by a clock that was put back', async () => {
    await using at = await watched({ daysLeft: 6 });
    for (const days of [8, 6, 8, 6]) {
      at.toDaysBefore(days);
      at.watch.look();
    }
    assert.deepEqual(at.steps, [7, 30]);
  });

  test('anew for another certificate, also while its files are wrong', async () => {
    await using at = await watched({ daysLeft: 5 });
    await using next = await another();
    for (const which of ['cert', 'key'] as const) copyFileSync(next[which], at.files[which]);
    at.watch.look();
    assert.deepEqual(at.steps, [7, 'another: 7']);
    rmSync(at.files.cert);
    at.toDaysBefore(0.5, at.watch.current.expires);
    at.watch.look();
    assert.deepEqual(at.steps, [7, 'another: 7', 'another: 1']);
  });
});
