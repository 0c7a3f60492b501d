import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { isHashOf } from '../../../src/logins/sql/hash-compute.ts';
import type { Recognised } from '../../../src/logins/sql/hash-form.ts';
import { hashPassword, recognise } from '../../../src/logins/sql/hashes.ts';
import { runProgram } from '../../support/program.ts';

const PASSWORD = 'pässwörd 🔑';

/** Hashes of that password, by those who made them: scheme and cost as we are to name them, and the hash. */
const MADE: Readonly<Record<string, readonly (readonly [scheme: string, cost: string, hash: string])[]>> = {
  'passlib 1.7.4': [
    [
      'scrypt',
      'N=1024, r=8, p=1',
      '$scrypt$ln=10,r=8,p=1$w1hLSSllDEEohfAeg9CaEw$Tv03opyS1wKYTzNkDVMiEZVj23bhPOTZcJ3BCHa/xnY',
    ],
    ['PBKDF2-sha1', '1000 iterations', '$pbkdf2$1000$x1irlbIWYmzt3VtrbQ3hvA$rd.X34dKFb5m8RoaY.KLfn9juW0'],
    [
      'PBKDF2-sha256',
      '1000 iterations',
      '$pbkdf2-sha256$1000$ztnbuxcCQGitldJaK8VYqw$8.EuIt/ZT6O22TF3eKf7hOmd1iFihTQ46Vv/RA5FBlw',
    ],
    [
      'PBKDF2-sha512',
      '1000 iterations',
      '$pbkdf2-sha512$1000$6Z3Tute6N8a4l/Jei9EaAw$Qduwh76XqTbph9k9U6JrmPrWy9NN5vKIZNGlEdHXMbxOnf0/4LUgCOjzeBBlt3AeT5uCZgAv7Jz2VUf2VbZh0Q',
    ],
    ['$1$', '', '$1$hX8X6k7i$AO.T4XpTFIAnE4446gO/w0'],
    ['$apr1$', '', '$apr1$1vO7SKB1$n.lqR2M/mS5fkTE8Vx58M1'],
    ['$5$', '1234 rounds', '$5$rounds=1234$FWbv19nDVQaLkwS5$4JaQDwIERbuHosarrdvYvgYBUSrYq4FQ1f1tEn9wP./'],
    [
      '$6$',
      '1234 rounds',
      '{CRYPT}$6$rounds=1234$VcSJPSbZtwhed0qN$h6tNQi.DA5sQ4bOXdZF.q08SvCcTsuxJy.jIqFA0euvJ5QvqLSrnL5glcM69zD1o9wP7cLyJN7UOQk0EnhtQO/',
    ],
    ['{SSHA256}', '', '{SSHA256}lfO5u02OcJUjIakOz0L1E/KUaHmM2N44rpTsc9634JXs3XvvXSvFeA=='],
    [
      '{SSHA512}',
      '',
      '{SSHA512}KfUbsA16/33wPC3DZxru24XiT25pu/f+uwRmvLHNLnSF3zfIzlRppCplMjNGBAvY5FQXS21pSZ0ZEMu7iQQpBmMsRYjxXkvp',
    ],
    ["MySQL's PASSWORD()", '', '*3930B0833C918CE77578DD45EA65744F38E7EA5C'],
    ["MySQL's PASSWORD()", '', '*3930b0833c918ce77578dd45ea65744f38e7ea5c'],
  ],
  'argon2-cffi 25.1': [
    [
      'argon2id',
      'm=256, t=2, p=2',
      '$argon2id$v=19$m=256,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$uoBZ2SLAQ4ikNl+v/3ArlNLoIW1sP9iSsIwzHZNcr6Y',
    ],
    [
      'argon2i',
      'm=256, t=2, p=2',
      '$argon2i$v=19$m=256,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$nX0i2q/rqBxbxKfYJsTxwqH7d4TzAs50gaXTQO5kyb8',
    ],
    [
      'argon2d',
      'm=256, t=2, p=2',
      '$argon2d$v=19$m=256,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$6JPFZYyTaecrH/6jEacS3UoLXMAGVcjwERicR9Cyt04',
    ],
  ],
  'Django 5.2': [
    ['PBKDF2-sha256', '1000 iterations', 'pbkdf2_sha256$1000$saltSALT123$4PrwN3QKC7oGh7X/fpNJsBgBYbTDLllD3cSk30Y2zQk='],
    ['PBKDF2-sha1', '1000 iterations', 'pbkdf2_sha1$1000$saltSALT123$8JgN8F3bRzzsOTq4ykvAsP7a55o='],
    [
      'scrypt',
      'N=1024, r=8, p=2',
      'scrypt$1024$saltSALT123$8$2$BvVMWnRmeQPHnSz2inTL7r3YfEFxKOLMC3/xxyYaYRTF/pEEbkQ0xBG5xlacZeDi7qoopteGA9bnQNellc9Sag==',
    ],
    ['bcrypt', 'cost 4', 'bcrypt$$2b$04$XrwKg3cwMpbTPQ7d1LdjMeu8twyibrqCd/XU5haCt85.XZnwCB87i'],
    [
      'argon2id',
      'm=256, t=1, p=8',
      'argon2$argon2id$v=19$m=256,t=1,p=8$c2FsdFNBTFQxMjM$w182jCBDP7UOcsYMdRjSPEpId+RjINxuOHe3ZFlWo+Q',
    ],
  ],
  'Werkzeug 3': [
    [
      'scrypt',
      'N=1024, r=8, p=1',
      'scrypt:1024:8:1$6KwpXDlEZVF4dNht$1611239a8a8b7c2958a94efa7fbc6edd1f29a9a6e9950dbc8832919754a3524da1dc137e2cbf0e53509f94f848cdce341c3f5b8e8e92634ae6e71bfbd06407c7',
    ],
    [
      'PBKDF2-sha256',
      '1000 iterations',
      'pbkdf2:sha256:1000$QLTLlx7C3WVMR1JC$79c432f754bb87047d05c367f72fdf619dcc0535fea548599c5cd85f4f210d70',
    ],
    [
      'PBKDF2-sha512',
      '1000 iterations',
      'pbkdf2:sha512:1000$RZ4jr5UYBESXZdNy$53f26cb4e6e12f137d7f15390c1c1ccbc324bfc0609055eef421e8ad7936d32c780fe00c0196cc217bfc387595d0d13db6d982b9c5c729952c48b7682bd7d0ac',
    ],
  ],
  'libxcrypt 4.4': [
    ['bcrypt', 'cost 4', '$2a$04$abcdefghijklmnopqrstuuI9bZCuY3iL1D8aa7mpGEju3kdgOOzj6'],
    ['bcrypt', 'cost 4', '$2b$04$abcdefghijklmnopqrstuuI9bZCuY3iL1D8aa7mpGEju3kdgOOzj6'],
    ['bcrypt', 'cost 4', '$2y$04$abcdefghijklmnopqrstuuI9bZCuY3iL1D8aa7mpGEju3kdgOOzj6'],
    ['$1$', '', '$1$$GxbPokJYbzULRHxom0elc.'],
    [
      '$6$',
      '5000 rounds',
      '$6$$jwCLeIw/fpfDYMCqNLULPz1nleMDiZhY7LZHfaPnCWYYlX/IdbMZA0zeguSh5ebirJ3W1Lo.AcgrWB/pVkjk40',
    ],
  ],
  'openssl 3 passwd': [
    ['$1$', '', '{crypt}$1$s4ltS4lt$ylOTlNdYXP.GU5dW4sXdy.'],
    ['$apr1$', '', '$apr1$s4ltS4lt$ueO9e6rTWwNtMgFHD2TF5/'],
    ['$5$', '5000 rounds', '$5$s4ltS4lt$GoUeQwTSYAWVF2AaVBwDgxBWaGf2xWvO6cblYYUH099'],
    [
      '$6$',
      '5000 rounds',
      '$6$s4ltS4lt$im3T52mLNvW/UT12NDbIwuyqIZsYEm8bl8t4nRyl5lsRnp2ZREW/c1W4kG/eumw44Jn7eVtFgFUe1mQItdjV40',
    ],
  ],
  'slappasswd 2.6': [
    ['{SSHA}', '', '{SSHA}u7O2o3I8NRS0xNhZsSqqIyV5pT7VCFiS'],
    ['{SHA}', '', '{sha}NMZJkw1HwGyxKINTRJnIUxvrCb0='],
    ['{SMD5}', '', '{SMD5}kmfy7Nhhei1fR1eKOC1a9l96+dA='],
    ['{MD5}', '', '{MD5}St9ANYRy696H/wtcV1WGOA=='],
  ],
  "Python's hashlib": [
    ['{SHA256}', '', '{SHA256}zLQ5vxkqBHSpua1ewvCayVORethcZN8sR45E16spGlI='],
    ['{SHA384}', '', '{SHA384}ySfcY8RZToGHuMMHAXDI1ARZJlIRFhZ0ml/y9Q2uJX2e5nfcaRJnAhUOB0d7u/T9'],
    [
      '{SHA512}',
      '',
      '{SHA512}EWqi8C0nSwRtBPg01mGf0z+jnKClPGZB9u5IuCgDDUiV9PSWrTJjbmk3ZGL21rT1rJgdIgB0zv1AvcraiPH/yw==',
    ],
    ['{SSHA384}', '', '{ssha384}NUz6WnkTjtwo76gVE2odeamJItLS3rhhtde6Gf1jqIgyopULqeCtaMML8D4KF5V6MDEyMw=='],
  ],
};

function isIt(recognised: Recognised, password: string): boolean {
  assert.equal(recognised.status, 'known', JSON.stringify(recognised));
  return isHashOf(recognised.hash, password);
}

for (const [maker, hashes] of Object.entries(MADE)) {
  test(`what ${maker} made is recognised, and of its password alone`, () => {
    for (const [scheme, cost, hash] of hashes) {
      const recognised = recognise(hash);
      assert.equal(recognised.status, 'known', hash);
      assert.deepEqual([recognised.scheme, recognised.cost], [scheme, cost]);
      assert.equal(isIt(recognised, PASSWORD), true, hash);
      for (const other of ['Pässwörd 🔑', `${PASSWORD} `, PASSWORD.normalize('NFD')]) {
        assert.equal(isIt(recognised, other), false, `${hash} and ${other}`);
      }
    }
  });
}

test('what goes to a thread has its bytes in memory of its own, which goes along', () => {
  for (const [, , hash] of Object.values(MADE).flat()) {
    const recognised = recognise(hash);
    const bytes = recognised.status === 'known' ? Object.values(recognised.hash) : [];
    const longest = Math.max(...bytes.map(one => (one instanceof Uint8Array ? one.buffer.byteLength : 0)));
    assert.ok(longest > 0 && longest <= hash.length, `${hash}: ${longest}`);
  }
});

suite('by published vectors', () => {
  // Those of phc-winner-argon2's tests, of jBCrypt's, and of Drepper's paper.
  const vectors = [
    ['password', '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
    ['abcdefghijklmnopqrstuvwxyz', '$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC'],
    [
      'Hello world!',
      '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
    ],
    ['the minimum number is still observed', '$5$rounds=10$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC'],
  ] as const;

  for (const [password, hash] of vectors) {
    test(hash.slice(0, 12), () => {
      const recognised = recognise(hash);
      assert.equal(isIt(recognised, password), true);
      assert.equal(isIt(recognised, `${password}.`), false);
    });
  }
});

test('$5$ and $6$ take a password of any length as crypt does', async () => {
  // Where a library went wrong: at the length of a digest, and at its multiples.
  const passwords = [1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 192].map(
    bytes => 'é'.repeat(bytes / 2) + 'x'.repeat(bytes % 2),
  );
  const input = `${passwords.join('\n')}\n`;
  for (const option of ['-5', '-6']) {
    const options = [option, '-salt', 'rounds=1000$salt', '-stdin'];
    const hashes = (await runProgram('openssl', ['passwd', ...options], { input })).stdout.trim().split('\n');
    assert.equal(hashes.length, passwords.length);
    const isItsOwn = hashes.map((hash, place) => isIt(recognise(hash), passwords[place] ?? ''));
    assert.deepEqual(new Set(isItsOwn), new Set([true]), `${isItsOwn}`);
  }
});

suite('bcrypt', () => {
  const of72 = '$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i';

  test('looks at 72 bytes', () => {
    assert.equal(isIt(recognise(of72), 'x'.repeat(72)), true);
    assert.equal(isIt(recognise(of72), 'x'.repeat(1000)), true);
    assert.equal(isIt(recognise(of72), 'x'.repeat(71)), false);
  });

  test('is compared by what its characters mean', () => {
    // The last bits of the salt and of the key are padding, which some makers did not leave zero.
    assert.equal(isIt(recognise(of72.replace('stuub', 'stuvb')), 'x'.repeat(72)), true);
  });
});

suite('bare digits', () => {
  const bare = {
    md5: ['4adf40358472ebde87ff0b5c57558638', '160c7771f4ece60f7cdc225477334c55', '330d1c8909260d8794ae5cbe8ca42319'],
    sha1: [
      '34c649930d47c06cb12883534499c8531beb09bd',
      '73d965c9821b6ab2afe74e6d20f2cfac948f2ea7',
      'b1af5c9eb29b3a3381b0a21b99214f60cbc59988',
    ],
    sha256: [
      'ccb439bf192a0474a9b9ad5ec2f09ac953917ad85c64df2c478e44d7ab291a52',
      '92a5fa766fa2084b46075e37cb2b725936e34652d9861e7bc67d0e6f8aa348fc',
      '105908ea499dfb593c48b267cb047c2094ea09d7c1feaae0d7be25ec1d720dee',
    ],
  } as const;

  for (const scheme of ['md5', 'sha1', 'sha256'] as const) {
    const [alone, before, after] = bare[scheme];
    test(`are ${scheme} where the configuration says so, with and without a salt`, () => {
      assert.equal(isIt(recognise(alone, { scheme }), PASSWORD), true);
      assert.equal(isIt(recognise(alone.toUpperCase(), { scheme }), PASSWORD), true);
      assert.equal(isIt(recognise(alone, { scheme, salt: 'before' }, ''), PASSWORD), true);
      assert.equal(isIt(recognise(before, { scheme, salt: 'before' }, 's4lt'), PASSWORD), true);
      assert.equal(isIt(recognise(after, { scheme, salt: 'after' }, 's4lt'), PASSWORD), true);
      assert.equal(isIt(recognise(after, { scheme, salt: 'before' }, 's4lt'), PASSWORD), false);
      assert.equal(isIt(recognise(alone, { scheme }), 'password'), false);
    });

    test(`that may be ${scheme} are nothing without it`, () => {
      const why = `is ${alone.length} hexadecimal digits; name how they were made by scheme: ${scheme}`;
      assert.deepEqual(recognise(alone), { status: 'unsupported', why });
    });
  }

  test('of another length, or without their salt, are no wrong passwords', () => {
    assert.deepEqual(recognise(bare.sha1[0], { scheme: 'md5' }), {
      status: 'unsupported',
      why: 'is 40 hexadecimal digits, and md5 makes 32',
    });
    assert.deepEqual(recognise('0'.repeat(128)), {
      status: 'unsupported',
      why: 'is 128 hexadecimal digits, of a form that rosterd does not know',
    });
    assert.deepEqual(recognise(bare.md5[0], { scheme: 'md5', salt: 'after' }, null), {
      status: 'unsupported',
      why: 'has no salt beside it: the second column is NULL',
    });
  });

  test('may stand beside hashes that tell their scheme themselves', () => {
    const sha = '{SHA}NMZJkw1HwGyxKINTRJnIUxvrCb0=';
    assert.equal(isIt(recognise(sha, { scheme: 'md5', salt: 'before' }, 's4lt'), PASSWORD), true);
  });
});

suite('what is not computed', () => {
  const why = (hash: string) => {
    const recognised = recognise(hash);
    assert.equal(recognised.status, 'unsupported', hash);
    return recognised.why;
  };

  test('is named, where it has a name', () => {
    const named = {
      'lC93POo./6lTY': 'DES crypt',
      '{CRYPT}lC93POo./6lTY': 'DES crypt',
      '_7C/.KkW3lspbGNHPVDM': 'DES crypt',
      $2x$04$abcdefghijklmnopqrstuuYuWnqYJ0IlmxPNmiXf3o3dCqmW799xC: '$2x$, a bcrypt with a fault',
      '$y$j75$abcd$9c2rcDumPNULrLUccTjPJhJ8xRu1nt5jo.whYObcwT0': 'yescrypt ($y$)',
      '$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D': 'the scrypt of crypt ($7$)',
      '$P$H1YSvw2q0IeYSbDyJBjr/9Bb0PVcBm/': 'phpass ($P$)',
      'bcrypt_sha256$$2b$04$XQuWVxocOAHJ6Yfr/cw7zeVuDmujjLTeuxGNt.j5UO1YEfKS9n7Rm': "Django's bcrypt_sha256",
    };
    for (const [hash, name] of Object.entries(named)) {
      assert.equal(
        why(hash),
        `is of the form of ${name}, which rosterd does not compute; it must be set anew as another`,
      );
    }
    assert.equal(
      why('$argon2i$v=16$m=256,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AwkX+FE+PDuiQgky0R/2XNL1Oer19TvtYeJmvRcYl7M'),
      'is of a version of argon2 before 1.3, which rosterd does not compute; it must be set anew',
    );
    assert.equal(why('{CLEARTEXT}secret'), 'is marked {CLEARTEXT}, a scheme that rosterd does not know');
  });

  test('is told from what was cut off', () => {
    const cut = (beginning: string) =>
      `begins with ${beginning} and is not of that form; was it cut off by a column that is too short?`;
    assert.equal(why('$2b$12$abcdefghijklmnopqrstuuYuWnqYJ0IlmxPNmiXf3o'), cut('$2b$'));
    assert.equal(why('$argon2id$v=19$m=256,t=2,p=2$MDEyMzQ1Njc4'), cut('$argon2id$'));
    assert.equal(why('pbkdf2_sha256$600000$salt'), cut('pbkdf2_'));
    assert.equal(
      why('*3930B0833C918CE77578DD45EA65744F38E7EA5'),
      "begins as MySQL's PASSWORD() does, and is not of its form; was it cut off?",
    );
    assert.equal(why('{SHA}NMZJkw1HwGyxKINTRJnIUxvr'), 'has 18 bytes after {SHA}, which is of 20; was it cut off?');
  });

  test('is what costs too much, or has costs and keys that cannot be', () => {
    const much = (cost: string) =>
      `asks for more work (${cost}) than rosterd does for one login; it must be set anew at less cost`;
    const key = 'A'.repeat(43);
    assert.equal(why(`$2b$17$${'a'.repeat(53)}`), much('bcrypt, cost 17'));
    assert.equal(why(`$2b$03$${'a'.repeat(53)}`), 'has a cost (3) that bcrypt does not have');
    assert.equal(why(`$5$rounds=1000001$salt$${key}`), much('$5$, 1000001 rounds'));
    assert.equal(why(`$pbkdf2-sha256$5000001$c2FsdHNhbHQ$${key}`), much('PBKDF2-sha256, 5000001 iterations'));
    assert.equal(
      why(`$pbkdf2-sha256$3000000$c2FsdHNhbHQ$${'A'.repeat(86)}`),
      much('PBKDF2-sha256, 3000000 iterations'),
    );
    assert.equal(why(`$pbkdf2-sha256$0$c2FsdHNhbHQ$${key}`), 'has no iterations, which PBKDF2 must have');
    assert.equal(why(`$argon2id$v=19$m=262145,t=1,p=1$c2FsdHNhbHQ$${key}`), much('argon2id, m=262145, t=1, p=1'));
    assert.equal(why(`$argon2id$v=19$m=262144,t=17,p=1$c2FsdHNhbHQ$${key}`), much('argon2id, m=262144, t=17, p=1'));
    assert.equal(why(`$argon2id$v=19$m=65536,t=1,p=65$c2FsdHNhbHQ$${key}`), much('argon2id, m=65536, t=1, p=65'));
    assert.match(why(`$argon2id$v=19$m=7,t=1,p=1$c2FsdHNhbHQ$${key}`), /^has parameters \(m=7, t=1, p=1/);
    assert.match(why(`$argon2id$v=19$m=64,t=1,p=1$c2Fsd$${key}`), /a salt of 3 bytes\) that argon2 does not have$/);
    assert.equal(why(`$scrypt$ln=24,r=8,p=1$c2FsdHNhbHQ$${key}`), much('scrypt, N=16777216, r=8, p=1'));
    assert.equal(why(`$scrypt$ln=1,r=1,p=999999999$c2FsdHNhbHQ$${key}`), much('scrypt, N=2, r=1, p=999999999'));
    for (const [text, cost] of [
      ['ln=0,r=8,p=1', 'N=1, r=8, p=1'],
      ['ln=4,r=0,p=1', 'N=16, r=0, p=1'],
      ['ln=16,r=1,p=1', 'N=65536, r=1, p=1'],
    ]) {
      assert.equal(
        why(`$scrypt$${text}$c2FsdHNhbHQ$${key}`),
        `has cost parameters (${cost}) that scrypt does not have`,
      );
    }
    assert.match(why(`scrypt:1000:8:1$salt$${'ab'.repeat(32)}`), /N=1000, r=8, p=1\) that scrypt does not have$/);
    for (const start of ['$scrypt$ln=4,r=8,p=1', '$pbkdf2$1', '$argon2id$v=19$m=64,t=1,p=1']) {
      assert.equal(why(`${start}$c2FsdHNhbHQ$AAA`), 'has a key of 2 bytes; 16 to 128 are usual');
    }
  });

  test('is a lock, which no password fits', () => {
    for (const lock of [
      '!',
      '*',
      '!!',
      '!$6$salt$abc',
      '{CRYPT}*',
      '{crypt}!',
      '!aBcDeF0123456789aBcDeF0123456789aBcDeF01',
    ]) {
      assert.deepEqual(recognise(lock), { status: 'locked' }, lock);
    }
  });

  test('is everything else, and nothing of it is told', () => {
    const unknown = { status: 'unsupported', why: 'is of a form that rosterd does not know' };
    for (const hash of [
      '$9$x',
      'plain',
      ' ',
      'correct horse battery',
      '$2b',
      `${MADE['libxcrypt 4.4']?.[3]?.[2]}\n`.replace('$1$', '$0$'),
    ]) {
      assert.deepEqual(recognise(hash), unknown, hash);
    }
    const text = fc.string({ minLength: 3, unit: 'grapheme' });
    fc.assert(
      fc.property(text, hash => {
        const recognised = recognise(hash);
        assert.ok(
          recognised.status !== 'unsupported' ||
            !recognised.why.includes(hash) ||
            'is of a form that rosterd does not know'.includes(hash),
        );
      }),
    );
  });
});

test('a hash that was cut or changed is either told to be one or can be computed: nothing throws', () => {
  const hashes = Object.values(MADE).flat();
  const marks = fc.constantFrom('', '$', 'A', '9', '=', ',', ':', '*', '{', '\n', 'é', '\0');
  fc.assert(
    fc.property(fc.constantFrom(...hashes), fc.nat(), fc.nat(), marks, ([, , hash], at, cut, mark) => {
      const place = at % hash.length;
      const changed = hash.slice(0, place) + mark + hash.slice(place + (cut % 3 === 0 ? hash.length : cut % 3));
      const recognised = recognise(changed);
      // Others may have become dear by a further digit.
      const isCheap = recognised.status === 'known' && !/\d{5}|ln=1\d|m=\d{4}|\$1[0-9]\$/.test(changed.slice(0, 32));
      if (isCheap) isHashOf(recognised.hash, 'another');
    }),
    { numRuns: 1000 },
  );
});

test('a password is the one of its own salted digest, and no other is', () => {
  const one = fc.string({ minLength: 1, unit: 'grapheme' });
  fc.assert(
    fc.property(one, one, fc.uint8Array({ maxLength: 20 }), (password, other, salt) => {
      const digest = createHash('sha256').update(password).update(salt).digest();
      const recognised = recognise(`{SSHA256}${Buffer.concat([digest, salt]).toString('base64')}`);
      assert.equal(isIt(recognised, password), true);
      assert.equal(isIt(recognised, other), other === password);
    }),
  );
});

test('a hash that we make is of the form of passlib', async () => {
  const hash = await hashPassword(PASSWORD, Buffer.alloc(16, 1));
  assert.match(hash, /^\$scrypt\$ln=14,r=8,p=1\$AQEBAQEBAQEBAQEBAQEBAQ\$[A-Za-z0-9+/]{43}$/);
  assert.equal(isIt(recognise(hash), PASSWORD), true);
  assert.equal(isIt(recognise(hash), 'pässwörd'), false);
  assert.notEqual(await hashPassword('a'), await hashPassword('a'));
});
