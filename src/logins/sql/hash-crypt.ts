import { bcryptKey } from './hash-compute.ts';
import { bytesOf, type Form, known, type Recognised, tooMuchWork, unsupported } from './hash-form.ts';

/** About 2 s in JavaScript on a machine that has nothing else to do, and twice as much with every one more; 10 to 12 are usual. */
const MOST_BCRYPT_COST = 14;

/** About 3 s; 5,000 are usual, and crypt itself allows 999,999,999. */
const MOST_ROUNDS = 1_000_000;

/** As a salt crypt(3) takes any character that may stand in a line of /etc/shadow. */
const SALT = '[!-#%-9;-~]';

/** The forms of crypt(3): what stands in /etc/shadow, in .htpasswd, and in many a table of users. */
export const CRYPT: readonly Form[] = [
  {
    // bcrypt looks at the first 72 bytes of a password alone, whoever computes it.
    pattern: /^(\$2[aby]\$(\d\d)\$[./A-Za-z\d]{22})([./A-Za-z\d]{31})$/,
    read: ([, settings = '', cost, key = '']) => bcrypt(settings, Number(cost), key),
  },
  {
    pattern: new RegExp(String.raw`^(\$(1|apr1)\$${SALT}{0,8}\$)([./A-Za-z\d]{22})$`),
    read: ([, settings = '', name, key = '']) =>
      known(`$${name}$`, '', { kind: 'md5-crypt', settings, key: bytesOf(key) }),
  },
  {
    pattern: new RegExp(String.raw`^\$5\$(?:rounds=(\d{1,9})\$)?(${SALT}{0,16})\$([./A-Za-z\d]{43})$`),
    read: ([, rounds, salt = '', key = '']) => shaCrypt('sha256', rounds, salt, key),
  },
  {
    pattern: new RegExp(String.raw`^\$6\$(?:rounds=(\d{1,9})\$)?(${SALT}{0,16})\$([./A-Za-z\d]{86})$`),
    read: ([, rounds, salt = '', key = '']) => shaCrypt('sha512', rounds, salt, key),
  },
  notComputed(/^\$2x\$/, '$2x$, a bcrypt with a fault'),
  notComputed(/^bcrypt_sha256\$/, "Django's bcrypt_sha256"),
  notComputed(/^\$g?y\$/, 'yescrypt ($y$)'),
  notComputed(/^\$7\$/, 'the scrypt of crypt ($7$)'),
  notComputed(/^\$3\$/, 'the NT hash of crypt ($3$)'),
  notComputed(/^\$[PH]\$/, 'phpass ($P$)'),
  notComputed(/^_[./A-Za-z\d]{19}$/, 'DES crypt'),
  notComputed(/^[./A-Za-z\d]{13}$/, 'DES crypt'),
];

function notComputed(pattern: RegExp, name: string): Form {
  return {
    pattern,
    read: () =>
      unsupported(`is of the form of ${name}, which rosterd does not compute; it must be set anew as another`),
  };
}

function bcrypt(settings: string, cost: number, key: string): Recognised {
  if (cost < 4) return unsupported(`has a cost (${cost}) that bcrypt does not have`);
  if (cost > MOST_BCRYPT_COST) return tooMuchWork('bcrypt', `cost ${cost}`);
  return known('bcrypt', `cost ${cost}`, { kind: 'bcrypt', settings, key: bcryptKey(key) });
}

function shaCrypt(digest: 'sha256' | 'sha512', given: string | undefined, salt: string, key: string): Recognised {
  const scheme = digest === 'sha256' ? '$5$' : '$6$';
  // Fewer than a thousand are taken for a thousand.
  const rounds = Math.max(1000, Number(given ?? 5000));
  const cost = `${rounds} rounds`;
  if (rounds > MOST_ROUNDS) return tooMuchWork(scheme, cost);
  return known(scheme, cost, { kind: 'sha-crypt', digest, rounds, salt: bytesOf(salt), key: bytesOf(key) });
}
