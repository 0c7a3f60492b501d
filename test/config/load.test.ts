import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { ConfigError } from '../../src/config/error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { callers } from '../../src/http/caller.ts';
import { sqlSourceIn } from '../support/config.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The smallest configuration that can be used. */
const SMALL = `
store: sqlite:roster.db
server: { clients: [ { name: omflow, scopes: [sync], token_hash: "sha256:${'0'.repeat(64)}" } ] }
sources:
  - { name: hr, type: sql, url: "mysql://reader@db/hr", people: { table: staff, map: { username: account } } }
`;

/** The smallest one with a piece of it replaced. */
function withPiece(old: string, piece: string): string {
  assert.ok(SMALL.includes(old), old);
  return SMALL.replace(old, piece);
}

function write(folder: TemporaryFolder, text: string): string {
  const file = join(folder.path, 'rosterd.yaml');
  writeFileSync(file, text);
  return file;
}

async function load(text: string, env: Environment = {}) {
  await using folder = await temporaryFolder();
  return loadConfig(write(folder, text), env);
}

/** What is wrong, line by line. */
function problemsIn(file: string, env: Environment = {}): readonly string[] {
  try {
    loadConfig(file, env);
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    assert.equal(error.message, [`${file} cannot be used:`, ...error.problems.map(one => `  ${one}`)].join('\n'));
    return error.problems;
  }
  return assert.fail('the configuration was taken');
}

async function problems(text: string, env: Environment = {}): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  return problemsIn(write(folder, text), env);
}

suite('a configuration', () => {
  test('with one address for two listeners is refused', async () => {
    for (const [server, address] of [
      ['monitor: 127.0.0.1:8642', '127.0.0.1:8642'],
      ['listen: systemd, monitor: systemd', 'systemd'],
    ]) {
      assert.deepEqual(await problems(withPiece('server: {', `server: { ${server},`)), [
        `server.monitor: ${address} is what server.listen has; write another port, or systemd:NAME`,
      ]);
    }
  });

  test('that says little gets the defaults, and is frozen', async () => {
    const { config, warnings } = await load(SMALL);
    assert.deepEqual(warnings, []);
    const { store: _, sources: __, ...rest } = config;
    assert.deepEqual(rest, {
      language: 'en',
      timezone: 'UTC',
      log_level: 'info',
      server: {
        listen: '127.0.0.1:8642',
        monitor: undefined,
        tls: undefined,
        trusted_proxies: [],
        clients: [{ name: 'omflow', scopes: ['sync'], token_hash: `sha256:${'0'.repeat(64)}` }],
      },
      sync: { fresh_for: 10_000, deadline: 15_000, max_stale: 86_400_000, on_hold: 'fail', first: 'accept' },
      authenticate: [],
      check: { usernames: 'ascii', reserved: [], gender: 'male', reused_email: 'quarantine' },
      guards: { protect: [] },
      throttle: { failures: 3, within: 1_800_000 },
      retention: { last: 50, daily: 90 * 86_400_000, monthly: 24 },
      notify: [],
    });
    const source = sqlSourceIn(config);
    assert.deepEqual(
      [source.action, source.match, source.timeouts],
      ['create', 'key', { connect: 10_000, idle: 60_000, query: 1_800_000 }],
    );
    assert.throws(() => Object.assign(source.people.map ?? {}, { email: 'x' }), TypeError);
    assert.throws(() => Object.assign(config.sync, { deadline: 1 }), TypeError);
  });

  test('gets the defaults of its authenticators, too', async () => {
    const text = `${SMALL}authenticate:
  - { type: ldap, url: ldaps://x, base: dc=x, filter: "(uid={username})" }
  - { type: sql, url: "mysql://a@b/c", query: SELECT h FROM p WHERE l = ? }
  - { type: rest, url: https://x/login, auth: basic, refused: { status: 401 } }
`;
    const url = ['ldaps://x'];
    const rest = { method: 'POST', headers: {}, accepted: { status: [200, 201, 202, 204] }, timeout: 5000 };
    assert.deepEqual((await load(text)).config.authenticate, [
      {
        type: 'ldap',
        url,
        start_tls: false,
        timeout: 5000,
        base: 'dc=x',
        filter: '(uid={username})',
        reveal_lockout: false,
      },
      { type: 'sql', url: 'mysql://a@b/c', query: 'SELECT h FROM p WHERE l = ?', timeout: 5000 },
      { type: 'rest', url: 'https://x/login', auth: 'basic', refused: { status: [401] }, ...rest },
    ]);
    const other = (await load(text.replace(', refused: { status: 401 }', ''))).config.authenticate[2];
    assert.deepEqual(other?.type === 'rest' && other.refused, { status: [401, 403] });
  });

  test('leaves what a request carries as it is written', async () => {
    const json = { file: 'a.txt', url: 'sqlite:x', password: '{password}' };
    const { config, warnings } = await load(
      `${SMALL}authenticate: [ { type: rest, url: "https://x/login", json: ${JSON.stringify(json)}, headers: { file: "x" } } ]\n`,
    );
    const [rest] = config.authenticate;
    assert.deepEqual(rest?.type === 'rest' && [rest.json, rest.headers], [json, { file: 'x' }]);
    assert.deepEqual(warnings, []);
  });

  test('has units', async () => {
    const { config } = await load(
      `${SMALL}sync: { fresh_for: 1.5s, deadline: 500ms, max_stale: 7d }
guards: { people_removed: 2.5%, departments_removed: { floor: 1, share: 100 %, ceiling: 0 }, protect: [ceo] }
throttle: { failures: 5, within: 1.5h }
retention: { daily: 30d, monthly: 6 }
`,
    );
    assert.deepEqual(config.throttle, { failures: 5, within: 5_400_000 });
    assert.deepEqual([config.sync.fresh_for, config.sync.deadline, config.sync.max_stale], [1500, 500, 604_800_000]);
    assert.deepEqual(config.guards, {
      people_removed: { share: 0.025 },
      departments_removed: { floor: 1, share: 1, ceiling: 0 },
      protect: ['ceo'],
    });
    assert.deepEqual(config.retention, { last: 50, daily: 30 * 86_400_000, monthly: 6 });
  });

  test('has paths that count from its folder', async () => {
    await using folder = await temporaryFolder();
    mkdirSync(join(folder.path, 'etc'));
    const file = join(folder.path, 'etc', 'rosterd.yaml');
    const text = withPiece('mysql://reader@db/hr', 'sqlite:../hr.db')
      .replace('{ clients', '{ listen: "unix:run/rosterd.sock", clients')
      .replace('type: sql,', 'type: sql, tls: { ca_file: ca.pem, cert_file: /etc/own.pem, key_file: ../own.key },');
    // Columns are the administrator's own words, whatever they look like.
    writeFileSync(
      file,
      text.replace('table: staff,', 'table: staff, extra: { photo_file: photo, url: "sqlite:x", ca_file: y },'),
    );
    const { config } = loadConfig(file, {});
    const source = sqlSourceIn(config);
    assert.deepEqual(
      [config.store.url, config.server.listen, source.url, source.tls, source.people.extra],
      [
        `sqlite:${folder.path}/etc/roster.db`,
        `unix:${folder.path}/etc/run/rosterd.sock`,
        `sqlite:${folder.path}/hr.db`,
        { ca_file: `${folder.path}/etc/ca.pem`, cert_file: '/etc/own.pem', key_file: `${folder.path}/own.key` },
        { photo_file: 'photo', url: 'sqlite:x', ca_file: 'y' },
      ],
    );
  });

  test('tells all that is wrong at once, each with its path', async () => {
    const text = withPiece('name: hr', 'name: HR')
      .replace('username: account', 'usernmae: account, email: 5, gender: { from: sex, transform: lowr }')
      .replace('scopes: [sync]', 'scopes: [snyc]');
    assert.deepEqual(await problems(`${text}log_levle: debug\ntimezone: Asia/Taipe\nsync: { deadline: 15 }\n`), [
      'timezone: "Asia/Taipe" is not a time zone; write it like Asia/Taipei',
      'server.clients[0].scopes[0]: "snyc" is none of sync, authenticate, admin; did you mean sync?',
      'sync.deadline: 15 is not a time span; write it like 500ms, 10s, 30m, 24h or 7d',
      'sources[0].name: may have only a-z, 0-9, - and _, and starts with a letter or digit',
      'sources[0].people.map.email: is a number, and must be text',
      'sources[0].people.map.gender.transform: "lowr" is none of trim, lower, upper, before_at, digits, date; did you mean lower?',
      'sources[0].people.map.usernmae: there is no such key; did you mean username?',
      'log_levle: there is no such key; did you mean log_level?',
    ]);
  });

  test('with nothing, or nothing of use, in it says what it needs', async () => {
    const needs = ['store: is missing', 'server: is missing', 'sources: is missing'];
    assert.deepEqual(await problems(''), needs);
    assert.deepEqual(await problems('# nothing yet\n'), needs);
    assert.deepEqual(await problems('- a list'), ['the file: is a list, and must be a block of keys']);
    assert.deepEqual(await problems('text'), ['the file: is text, and must be a block of keys']);
    assert.deepEqual(await problems('store:\nserver:\nsources: []\n'), [
      'store: is empty, and must be text',
      'server: is empty, and must be a block of keys',
      'sources: is empty: there is nothing to pull from',
    ]);
  });

  test('that is not there says how to name another', async () => {
    await using folder = await temporaryFolder();
    assert.deepEqual(problemsIn(join(folder.path, 'none.yaml')), [
      'there is no such file; name another one with --config, or start from config/rosterd.example.yaml',
    ]);
    assert.match(problemsIn(folder.path)[0] ?? '', /^EISDIR/);
  });
});

/** A piece of the smallest configuration, what it is replaced by, and all that is then wrong. */
const WRONG: readonly [what: string, old: string, piece: string, wrong: readonly string[]][] = [
  ['a misspelt key', 'store:', 'stroe:', ['store: is missing', 'stroe: there is no such key; did you mean store?']],
  [
    'a key of another house',
    'type: sql,',
    'type: sql, colour: red, mach: email,',
    [
      'sources[0].colour: there is no such key; there are type, name, action, match, fields, required, schedule, url, password, tls, timeouts, people, departments, memberships',
      'sources[0].mach: there is no such key; did you mean match?',
    ],
  ],
  [
    'a key in a value object',
    'username: account',
    'username: { frm: account, transform: [trim] }',
    [
      'sources[0].people.map.username.frm: there is no such key; did you mean from?',
      'sources[0].people.map.username: needs exactly one of from, template and const',
    ],
  ],
  [
    'two origins of a value',
    'username: account',
    'username: { from: account, const: x }',
    ['sources[0].people.map.username: needs exactly one of from, template and const'],
  ],
  ['an empty list', 'username: account', 'username: []', ['sources[0].people.map.username: is empty']],
  [
    'an unknown kind of source',
    'type: sql,',
    'type: sqll,',
    ['sources[0].type: "sqll" is not what belongs here; there are sql, rest, ldap, csv'],
  ],
  ['no kind of source', 'type: sql, ', '', ['sources[0].type: is missing; there are sql, rest, ldap, csv']],
  [
    'a query besides a table',
    'table: staff',
    'table: staff, query: select 1',
    ['sources[0].people: needs either query or table'],
  ],
  ['neither query nor table', 'table: staff, ', '', ['sources[0].people: needs either query or table']],
  [
    'nobody with an identity',
    'username: account',
    'email: mail',
    ['sources[0].people.map.username: is missing, and without people.key the username is the identity'],
  ],
  [
    'nobody to enrich',
    'type: sql,',
    'type: sql, action: update,',
    ['sources[0].action: update enriches people of earlier sources, and there is none'],
  ],
  [
    'conditions',
    'table: staff',
    'table: staff, active: { any: [ { field: a, empty: "yes" }, { feild: b, empty: true }, { field: c, empty: true, equals: 1 }, { not: { field: d } }, { all: [] } ] }',
    [
      'sources[0].people.active.any[0].empty: is text, and must be true or false',
      'sources[0].people.active.any[1].field: is missing',
      'sources[0].people.active.any[1].feild: there is no such key; did you mean field?',
      'sources[0].people.active.any[2]: needs exactly one of equals, in, empty, before_today, after_today',
      'sources[0].people.active.any[3].not: needs exactly one of equals, in, empty, before_today, after_today',
      'sources[0].people.active.any[4].all: is empty',
    ],
  ],
  [
    'an unknown encoding',
    'table: staff',
    'table: staff, encoding: { name: bigg5 }',
    ['sources[0].people.encoding.name: "bigg5" is no encoding; write it like big5, shift_jis or windows-1252'],
  ],
  [
    'time-outs that are none',
    'type: sql,',
    'type: sql, timeouts: { connect: 1x, idle: 0s, query: 30d },',
    [
      'sources[0].timeouts.connect: "1x" is not a time span; write it like 500ms, 10s, 30m, 24h or 7d',
      'sources[0].timeouts.idle: "0s" is not a time to wait; write it like 500ms, 10s or 30m, at most 24d',
      'sources[0].timeouts.query: "30d" is not a time to wait; write it like 500ms, 10s or 30m, at most 24d',
    ],
  ],
  [
    'a client',
    'name: omflow, scopes: [sync], token_hash: "sha256:',
    'name: "om:flow", scopes: [], token_hash: "',
    [
      'server.clients[0].name: may have no colon and no blank: it is the user name of Basic auth',
      'server.clients[0].scopes: is empty',
      'server.clients[0].token_hash: is not sha256: and 64 hex digits; `rosterd token NAME` prints the line',
    ],
  ],
];

suite('what is wrong in a configuration', () => {
  for (const [what, old, piece, wrong] of WRONG) {
    test(what, async () => {
      assert.deepEqual(await problems(withPiece(old, piece)), wrong);
    });
  }

  test('a name that two sources have', async () => {
    const twin =
      '  - { name: hr, type: sql, url: "mysql://reader@db/hr", people: { table: staff, map: { username: account } } }\n';
    assert.deepEqual(await problems(SMALL + twin), ['sources[1].name: "hr" is the name of another source, too']);
    assert.deepEqual(await problems(`${SMALL}${twin}log_levle: info\n`), [
      'log_levle: there is no such key; did you mean log_level?',
      'sources[1].name: "hr" is the name of another source, too',
    ]);
  });

  test('an address', async () => {
    for (const url of [
      'postgres://reader@db/hr',
      'mysql:db',
      'mysql://db',
      'mysql://db/hr',
      'mysql://reader@db',
      'mysql://reader@db:abc/hr',
      'mysql://re%zzader@db/hr',
      'sqlite:',
    ]) {
      assert.deepEqual(await problems(withPiece('mysql://reader@db/hr', url)), [
        `sources[0].url: "${url}" is not a database address; write mysql://user@host/database or sqlite:FILE`,
      ]);
    }
    for (const url of [
      'mysql://reader@[::1]:3307/hr',
      'mysql://re%40der@db.corp.example/hr%20db',
      'sqlite:/var/hr.db',
    ]) {
      assert.equal(sqlSourceIn((await load(withPiece('mysql://reader@db/hr', url))).config).url, url);
    }
    for (const listen of ['localhost', '127.0.0.1:99999', '8642', 'unix:']) {
      assert.deepEqual(await problems(withPiece('{ clients', `{ listen: "${listen}", clients`)), [
        `server.listen: "${listen}" is not an address; write 127.0.0.1:8642, unix:/run/rosterd.sock, or systemd for the socket that it gives`,
      ]);
    }
  });

  test('a schedule', async () => {
    const why = async (pattern: string) => (await problems(`${SMALL}schedule: ${pattern}\n`)).join();
    assert.equal(await why('"0 0 30 2 *"'), 'schedule: "0 0 30 2 *" never comes');
    assert.match(
      await why('"* * * *"'),
      /^schedule: "\* \* \* \*" is not a schedule \(.*\); write it like "\*\/15 \* \* \* \*"$/,
    );
    assert.match(
      await why('"61 * * * *"'),
      /^schedule: "61 \* \* \* \*" is not a schedule \(Invalid value for minute: 61\)/,
    );
    assert.equal(await why('15'), 'schedule: is a number, and must be text');
    // A day of the month or one of the week, as cron has it since ever: these come on Mondays.
    for (const pattern of ['*/15 * * * *', '0 0 31 2 1', '0 0 29 2 *']) await load(`${SMALL}schedule: "${pattern}"\n`);
  });

  test('a share and a limit', async () => {
    assert.deepEqual(
      await problems(
        `${SMALL}guards: { people_removed: 5, departments_removed: 150%, source_rows: { share: 5, floor: -1, celing: 3 } }\n`,
      ),
      [
        'guards.source_rows.floor: is less than 0',
        'guards.source_rows.share: 5 is not a share; write it like 5%',
        'guards.source_rows.celing: there is no such key; did you mean ceiling?',
        'guards.people_removed: 5 is not a share; write it like 5%',
        'guards.departments_removed: "150%" is more than 100%',
      ],
    );
  });

  test('an authenticator', async () => {
    const text = `${SMALL}authenticate:
  - { type: ldpa }
  - { type: ldap, url: "http://x", bind_dn: "{username}@x" }
  - { type: ldap, url: ldaps://x, start_tls: true, bind_dn: x }
  - { type: ldap, url: ldap://x, base: dc=x }
  - { type: sql, url: "mysql://a@b/c" }
`;
    assert.deepEqual(await problems(text), [
      'authenticate[0].type: "ldpa" is not what belongs here; there are ldap, sql, rest',
      'authenticate[1].url: "http://x" is not ldap://host or ldaps://host',
      'authenticate[2].bind_dn: must contain {username}',
      'authenticate[2].start_tls: is for ldap:// addresses; ldaps:// is encrypted already',
      'authenticate[3].filter: is missing: a search needs both base and filter',
      'authenticate[4].query: is missing',
    ]);
  });

  test('how one is asked', async () => {
    const text = `${SMALL}authenticate:
  - { type: ldap, url: ldaps://x, bind_dn: "{username}@x", reveal_lockout: maybe }
  - { type: sql, url: "mysql://a@b/c", query: SELECT 1, scheme: bcrypt, timeout: 0s }
  - { type: sql, url: "mysql://a@b/c", query: SELECT 1, salt: before }
  - { type: rest, url: "https://x", method: POTS, auth: digest }
  - { type: rest, url: "https://x", accepted: { status: 42 }, refused: { status: [] }, unknown: { status: 404, feild: a } }
  - { type: rest, url: "https://x", accepted: { status: 200, field: ok }, refused: { status: [401, 600], equals: no } }
`;
    assert.deepEqual(await problems(text), [
      'authenticate[0].reveal_lockout: is text, and must be true or false',
      'authenticate[1].scheme: "bcrypt" is none of md5, sha1, sha256',
      'authenticate[1].timeout: "0s" is not between 1ms and 9s, of the 10s that a login may take in all; write it like 5s',
      'authenticate[2].salt: "before" is of use with scheme alone: other hashes have their salt in them',
      'authenticate[3].method: "POTS" is none of GET, POST, PUT; did you mean POST?',
      'authenticate[3].auth: "digest" is none of basic',
      'authenticate[4].accepted.status: is not a status code',
      'authenticate[4].refused.status: is empty',
      'authenticate[4].unknown.feild: there is no such key; did you mean field?',
      'authenticate[5].accepted: needs field and equals together',
      'authenticate[5].refused.status[1]: is not a status code',
      'authenticate[5].refused: needs field and equals together',
    ]);
  });

  test('a throttle', async () => {
    const why = async (throttle: string) => await problems(`${SMALL}throttle: ${throttle}\n`);
    assert.deepEqual(await why('{ failures: 0, within: 2d, whithin: 1m }'), [
      'throttle.failures: is less than 1',
      'throttle.within: "2d" is not between 1s and 24h; write it like 30m',
      'throttle.whithin: there is no such key; did you mean within?',
    ]);
    assert.deepEqual(await why('{ failures: 2.5, within: 500ms }'), [
      'throttle.failures: is a number, and must be a whole number',
      'throttle.within: "500ms" is not between 1s and 24h; write it like 30m',
    ]);
    assert.deepEqual(await why('{ within: 1800 }'), [
      'throttle.within: 1800 is not a time span; write it like 500ms, 10s, 30m, 24h or 7d',
    ]);
  });

  test('a key that JavaScript knows', async () => {
    const wrong = await problems(`${SMALL}__proto__: 1\nconstructor: 2\n`);
    assert.deepEqual(
      wrong.map(one => one.split(';')[0]),
      ['__proto__: there is no such key', 'constructor: there is no such key'],
    );
  });
});

suite('the server of a configuration', () => {
  /** The smallest configuration with more said of the server. */
  const served = (more: string) => withPiece('{ clients', `{ ${more}, clients`);

  test('has a certificate and a socket for monitoring, whose paths count from its folder', async () => {
    await using folder = await temporaryFolder();
    const text = served('tls: { cert: tls/own.crt, key: /etc/tls/own.key }, monitor: "unix:run/monitor.sock"');
    const { tls, monitor, trusted_proxies } = loadConfig(write(folder, text), {}).config.server;
    assert.deepEqual(tls, { cert: `${folder.path}/tls/own.crt`, key: '/etc/tls/own.key' });
    assert.equal(monitor, `unix:${folder.path}/run/monitor.sock`);
    assert.deepEqual(trusted_proxies, []);
  });

  test('has its certificate and key together', async () => {
    assert.deepEqual(await problems(served('tls: { cert: own.crt }')), ['server.tls.key: is missing']);
    assert.deepEqual(await problems(served('tls: { key: "" }')), [
      'server.tls.cert: is missing',
      'server.tls.key: is empty',
    ]);
  });

  test('trusts proxies by address, by network, or on the unix socket', async () => {
    const list = ['10.0.0.5', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::1', '2001:db8::/32', '::ffff:10.0.0.0/104', 'unix'];
    const { config } = await load(served(`trusted_proxies: ${JSON.stringify(list)}`));
    assert.deepEqual(config.server.trusted_proxies, list);
    callers(config.server.trusted_proxies);
  });

  test('trusts nothing that is none of these', async () => {
    const wrong = [
      'proxy.example',
      '10.0.0',
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0.0/-1',
      '2001:db8::/129',
      'Unix',
    ];
    const told = wrong.map(
      (one, place) =>
        `server.trusted_proxies[${place}]: "${one}" is not an address or a network; write 10.0.0.5 or 10.0.0.0/24, or unix for whoever calls on the unix socket`,
    );
    assert.deepEqual(await problems(served(`trusted_proxies: ${JSON.stringify(wrong)}`)), told);
  });
});

suite('a file that is no YAML', () => {
  test('is told by line', async () => {
    assert.deepEqual(await problems('store: [a\nserver: {'), [
      'line 2, column 1: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ]);
    assert.deepEqual(await problems('store:\n\t- a'), ['line 2, column 1: Tabs are not allowed as indentation']);
    assert.match(
      (await problems(`${SMALL}---\na: 1\n`))[0] ?? '',
      /^line 6, column 1: Source contains multiple documents/,
    );
    assert.deepEqual(await problems(`${SMALL}x: *nothing\n`), [
      'Unresolved alias (the anchor must be set before the alias): nothing',
    ]);
  });

  test('because a key is there twice', async () => {
    assert.deepEqual(await problems(`${SMALL}log_level: info\nstore: b\nlog_level: debug\n`), [
      'line 7, column 1: Map keys must be unique',
      'line 8, column 1: Map keys must be unique',
    ]);
  });

  test('because a secret stands unquoted between braces', async () => {
    const text = withPiece('type: sql,', 'type: sql, password: ${file:hr_password},');
    assert.deepEqual(await problems(text), [
      'line 5, column 39: Unexpected flow-map-start at node end; between { } or [ ], put "${file:NAME}" and "${env:NAME}" in quotes',
    ]);
    const block = `${SMALL.slice(0, SMALL.indexOf('  - {'))}  - name: hr
    type: sql
    url: mysql://reader@db/hr
    password: \${env:HR}
    people: { table: staff, map: { username: account } }
`;
    assert.equal(sqlSourceIn((await load(block, { HR: 'x' })).config).password, 'x');
  });
});

suite('a secret', () => {
  test('is never told, however wrong it is', async () => {
    const wrong = [
      'server: { clients: [ { name: omflow, scopes: [sync], token_hash: the-token-itself } ] }',
      'notify: [ { type: webhook, url: "https://chat.example/x", secret: s3cret } ]',
    ].join('\n');
    const told = await problems(SMALL.replace(/^server:.*$/m, wrong));
    assert.equal(told.length, 2);
    assert.match(told.join('\n'), /clients\[0\]\.token_hash: is not sha256: [\s\S]*notify\[0\]\.secret: /);
    assert.doesNotMatch(told.join('\n'), /the-token-itself|s3cret/);
  });

  const secret = (reference: string) => withPiece('type: sql,', `type: sql, password: "${reference}",`);

  /** The password that a configuration gets, in a folder with these files. */
  async function password(reference: string, files: Record<string, string>, env: Environment = {}) {
    await using folder = await temporaryFolder();
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder.path, name, '..'), { recursive: true });
      writeFileSync(join(folder.path, name), text, { mode: 0o600 });
    }
    const given = env['CREDENTIALS_DIRECTORY'];
    const credentials = given === undefined ? undefined : join(folder.path, given);
    const file = write(folder, secret(reference));
    const { config, warnings } = loadConfig(file, { ...env, CREDENTIALS_DIRECTORY: credentials });
    assert.deepEqual(warnings, []);
    return sqlSourceIn(config).password;
  }

  test('comes from a file beside the configuration, without its last line end', async () => {
    for (const [text, wanted] of [
      ['s3cret', 's3cret'],
      ['s3cret\n', 's3cret'],
      ['s3cret\r\n', 's3cret'],
      [' s3cret \n\n', ' s3cret \n'],
      ['密碼 $& $1 ${env:X}', '密碼 $& $1 ${env:X}'],
    ] as const) {
      assert.equal(await password('${file:pw}', { pw: text }), wanted);
    }
    assert.equal(await password('${file:secrets/pw}', { 'secrets/pw': 'x' }), 'x');
    assert.equal(await password('a-${file:one}-${file:two}', { one: '1\n', two: '2\n' }), 'a-1-2');
  });

  test('comes from the environment', async () => {
    assert.equal(await password('${env:HR}', {}, { HR: 's3cret' }), 's3cret');
    assert.deepEqual(await problems(secret('${env:HR}')), ['sources[0].password: the environment has no HR']);
  });

  test('comes from what systemd hands over, first of all', async () => {
    const files = { pw: 'beside', 'cred/pw': 'handed over\n', other: 'beside' };
    const env = { CREDENTIALS_DIRECTORY: 'cred' };
    assert.equal(await password('${file:pw}', files, env), 'handed over');
    assert.equal(await password('${file:other}', files, env), 'beside');
    assert.equal(await password('${file:./pw}', files, env), 'beside');
  });

  test('may be a certificate, or the key to it: where it is, is told', async () => {
    await using folder = await temporaryFolder();
    mkdirSync(join(folder.path, 'cred'));
    for (const name of ['shown.key', 'ca.pem']) writeFileSync(join(folder.path, 'cred', name), '');
    const env = { CREDENTIALS_DIRECTORY: join(folder.path, 'cred') };
    const text = withPiece('type: sql,', 'type: sql, tls: { ca_file: ca.pem },').replace(
      'server: {',
      'server: { tls: { cert: shown.pem, key: shown.key },',
    );
    const { config } = loadConfig(write(folder, text), env);
    const at = (name: string) => join(folder.path, name);
    assert.deepEqual(config.server.tls, { cert: at('shown.pem'), key: at('cred/shown.key') });
    assert.equal(sqlSourceIn(config).tls?.ca_file, at('cred/ca.pem'));
  });

  test('that others may read, or that is not there, is refused', async () => {
    await using folder = await temporaryFolder();
    const file = write(folder, secret('${file:pw}'));
    const pw = join(folder.path, 'pw');
    assert.deepEqual(problemsIn(file), [`sources[0].password: ${pw}: no such file`]);
    writeFileSync(pw, 's3cret\n');
    for (const mode of [0o640, 0o604, 0o620, 0o666]) {
      chmodSync(pw, mode);
      assert.deepEqual(problemsIn(file), [
        `sources[0].password: ${pw} can be read by others than its owner; run: chmod 600 ${pw}`,
      ]);
    }
    chmodSync(pw, 0o400);
    assert.equal(sqlSourceIn(loadConfig(file, {}).config).password, 's3cret');
    // What systemd hands over may be readable by a group that only the service is in.
    mkdirSync(join(folder.path, 'cred'));
    writeFileSync(join(folder.path, 'cred', 'pw'), 'x', { mode: 0o440 });
    assert.equal(
      sqlSourceIn(loadConfig(file, { CREDENTIALS_DIRECTORY: join(folder.path, 'cred') }).config).password,
      'x',
    );
  });

  test('that is a folder, or empty, is refused', async () => {
    await using folder = await temporaryFolder();
    mkdirSync(join(folder.path, 'folder'));
    assert.deepEqual(problemsIn(write(folder, secret('${file:folder}'))), [
      `sources[0].password: ${folder.path}/folder: is a folder, not a file`,
    ]);
    writeFileSync(join(folder.path, 'pw'), '\n', { mode: 0o600 });
    assert.deepEqual(problemsIn(write(folder, secret('${file:pw}'))), ['sources[0].password: "${file:pw}" is empty']);
  });

  test('that is lost is told beside all else', async () => {
    const text = secret('${env:HR}').replace('sqlite:roster.db', '${env:STORE}').replace('name: hr', 'nmae: hr');
    assert.deepEqual(await problems(text), [
      'store: the environment has no STORE',
      'sources[0].password: the environment has no HR',
      'sources[0].name: is missing',
      'sources[0].nmae: there is no such key; did you mean name?',
    ]);
  });

  test('in the file itself works, with a warning', async () => {
    const warning = (path: string) =>
      `${path}: a secret stands in the file itself; better \${file:NAME} or \${env:NAME}`;
    const { config, warnings } = await load(
      secret('s3cret').replace('sqlite:roster.db', 'mysql://rosterd:s3cret@db/rosterd'),
    );
    assert.equal(sqlSourceIn(config).password, 's3cret');
    assert.deepEqual(warnings, [warning('store'), warning('sources[0].password')]);
    const bound = `${SMALL}authenticate: [ { type: ldap, url: ldaps://dc, bind: { dn: cn=x, password: s3cret }, base: dc=x, filter: "(uid={username})" } ]\n`;
    assert.deepEqual((await load(bound)).warnings, [warning('authenticate[0].bind.password')]);
  });

  test('is in no message', async () => {
    const env = { URL: 'postgres://reader:s3cret@db/hr', LEVEL: 's3cret' };
    const wrong = await problems(`${withPiece('mysql://reader@db/hr', '${env:URL}')}log_level: \${env:LEVEL}\n`, env);
    assert.deepEqual(wrong, [
      'log_level: "${env:LEVEL}" is none of trace, debug, info, warn, error, fatal',
      'sources[0].url: "${env:URL}" is not a database address; write mysql://user@host/database or sqlite:FILE',
    ]);
    assert.deepEqual(await problems(withPiece('mysql://reader@db/hr', 'postgres://reader:s3cret@db/hr')), [
      'sources[0].url: "postgres://reader:…@db/hr" is not a database address; write mysql://user@host/database or sqlite:FILE',
    ]);
  });
});

suite('whom to tell', () => {
  const notified = (...channels: string[]) => `${SMALL}notify:\n${channels.map(one => `  - { ${one} }\n`).join('')}`;
  const WEBHOOK = 'type: webhook, url: "https://chat.example/hooks/T0000/abcdef"';
  const EMAIL = 'type: email, server: "smtp://mail.example", from: rosterd@acme.example, to: ops@acme.example';
  const ALL = ['held', 'failed', 'stale', 'certificate', 'quarantine', 'recovered'];

  test('gets defaults, and files beside the configuration', async () => {
    const text = notified(WEBHOOK, `${EMAIL}, tls: { ca_file: ca.pem }, on: [held]`);
    await using folder = await temporaryFolder();
    const { config, warnings } = loadConfig(write(folder, text), {});
    assert.deepEqual(warnings, []);
    assert.deepEqual(config.notify, [
      { type: 'webhook', url: 'https://chat.example/hooks/T0000/abcdef', format: 'json', on: ALL },
      {
        ...{ type: 'email', server: 'smtp://mail.example', from: 'rosterd@acme.example', to: ['ops@acme.example'] },
        ...{ tls: { ca_file: join(folder.path, 'ca.pem') }, report: 'masked', on: ['held'] },
      },
    ]);
  });

  test('is warned about when it is a secret that stands in the file', async () => {
    const channels = [`${WEBHOOK}, secret: a-long-enough-secret`, `${EMAIL}, user: rosterd, password: hush`];
    assert.deepEqual((await load(notified(...channels))).warnings, [
      'notify[0].secret: a secret stands in the file itself; better ${file:NAME} or ${env:NAME}',
      'notify[1].password: a secret stands in the file itself; better ${file:NAME} or ${env:NAME}',
    ]);
  });

  test('takes secrets as they are handed out, and any other text that is long enough', async () => {
    for (const secret of [`whsec_${'A'.repeat(32)}`, `whsec_${'A'.repeat(43)}=`, 'sixteen letters!']) {
      assert.equal((await load(notified(`${WEBHOOK}, secret: "\${env:S}"`), { S: secret })).config.notify.length, 1);
    }
    for (const secret of ['whsec_short', 'whsec_!', 'fifteen letters']) {
      assert.deepEqual(await problems(notified(`${WEBHOOK}, secret: "\${env:S}"`), { S: secret }), [
        'notify[0].secret: "${env:S}" is neither whsec_ and base64 of 24 to 64 bytes nor another text of 16 characters or more',
      ]);
    }
  });

  for (const [what, channel, wrong] of [
    ['no type', 'url: "https://chat.example/x"', 'type: is missing; there are webhook, email'],
    ['another type', 'type: pager', 'type: "pager" is not what belongs here; there are webhook, email'],
    [
      'an address that is none',
      'type: webhook, url: "chat.example/x"',
      'url: "chat.example/x" is not http://host or https://host with a path',
    ],
    [
      'a user in the address',
      'type: webhook, url: "https://rosterd@chat.example/x"',
      'url: "https://rosterd@chat.example/x" is no address that can be sent to; a user or a password in it would not be sent',
    ],
    [
      'a mail server with a user',
      EMAIL.replace('smtp://mail', 'smtp://rosterd@mail'),
      'server: "smtp://rosterd@mail.example" is not a mail server; write smtp://host:port or smtps://host:port, without a user',
    ],
    [
      'a mail server without a protocol',
      EMAIL.replace('smtp://', ''),
      'server: "mail.example" is not a mail server; write smtp://host:port or smtps://host:port, without a user',
    ],
    ['a user without a password', `${EMAIL}, user: rosterd`, 'needs user and password together'],
    [
      'an email address that is none',
      EMAIL.replace('from: rosterd@acme.example', 'from: rosterd'),
      'from: "rosterd" is not an email address',
    ],
    ['nobody', EMAIL.replace('to: ops@acme.example', 'to: []'), 'to: is empty'],
    ['nothing', `${EMAIL}, on: []`, 'on: is empty'],
    [
      'ends alone',
      `${EMAIL}, on: [recovered]`,
      'on: has recovered alone, which is told only to whom a bad state was told; add what it is to be about, such as failed',
    ],
    [
      'something that is not told',
      `${EMAIL}, on: [pinned]`,
      'on[0]: "pinned" is none of held, failed, stale, certificate, quarantine, recovered',
    ],
    [
      'a report that is none',
      `${EMAIL}, report: all`,
      'report: "all" is none of none, masked, full; did you mean full?',
    ],
    [
      'a report for a webhook',
      `${WEBHOOK}, report: full`,
      'report: there is no such key; there are type, url, secret, format, tls, on',
    ],
    [
      'a key of the other type',
      `${WEBHOOK}, server: x`,
      'server: there is no such key; there are type, url, secret, format, tls, on',
    ],
  ] as const) {
    test(`is refused with ${what}`, async () => {
      const path = wrong.startsWith('needs') ? 'notify[0]: ' : 'notify[0].';
      assert.deepEqual(await problems(notified(channel)), [`${path}${wrong}`]);
    });
  }
});
