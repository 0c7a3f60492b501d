import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Source } from '../../src/sources/source.ts';
import { silentServer } from '../logins/listening.ts';
import { makeCertificates } from '../support/certificates.ts';
import { temporaryFolder } from '../support/folder.ts';
import { freePort } from '../support/port.ts';
import { directory, entry, type Slapd, startSlapd } from '../support/slapd.ts';
import { pull, readAll, until, whyNot } from './configured.ts';
import { behindProxy, branch, branchDn, counted, ldap, numbered, person } from './ldap-directories.ts';
import { entryOf, message, startStandIn, type Ways } from './ldap-stand-in.ts';

const { reader, people: accounts } = directory;
const [ada] = accounts;
const COUNT = 60;
const crowd = branchDn('crowd');

/** Its accounts see ten entries at most, the service account all. */
let slapd: Slapd;

before(async () => {
  slapd = await startSlapd({
    sizeLimit: 10,
    limits: [`dn.exact="${reader.dn}" size=unlimited size.prtotal=unlimited`],
  });
  const { ldif } = branch(
    'crowd',
    numbered(COUNT, number => person(crowd, `u${number}`)),
  );
  await slapd.add(ldif);
});
after(() => slapd[Symbol.asyncDispose]());

const people = { base: crowd, filter: '(objectClass=inetOrgPerson)', map: { username: 'uid', email: 'mail' } };
const block = (more: Readonly<Record<string, unknown>> = {}) => ({ url: slapd.url, page_size: 7, people, ...more });
const usernames = async (source: Source) => (await readAll(source)).people.map(one => one.fields.username ?? '');

suite('a server that gives no more than a part', () => {
  test('fails where the account has a limit, and not where it has none', async () => {
    for (const page_size of [4, 500]) {
      assert.equal(
        await whyNot(ldap({ ...block(), page_size, bind: { dn: ada.dn, password: ada.password } })),
        `${slapd.url}, people below "${crowd}": answered SizeLimitExceeded (result code 4); ` +
          'raise that limit for the account on the server (in OpenLDAP olcLimits: size=unlimited size.prtotal=unlimited)',
      );
      assert.equal((await readAll(ldap({ ...block(), page_size }))).rows.people, COUNT);
    }
  });

  test('fails where a part is on another server', async () => {
    const ref = 'ldap://dc2.corp.example/ou=moved';
    const { base, ldif } = branch('spread', [person(branchDn('spread'), 'here')]);
    const moved = `ou=moved,${base}`;
    const referral = entry(moved, { objectClass: ['referral', 'extensibleObject'], ou: 'moved', ref });
    await slapd.add([ldif, referral].join('\n'));
    const way = 'name that server in url, or a base that this one holds by itself';
    const why = (at: string) => whyNot(ldap(block({ people: { ...people, base: at } })));
    assert.match(
      await why(base),
      /, people below "ou=spread,.*": the answer refers to ldap:\/\/dc2\.corp\.example\/ou=moved.*; name/,
    );
    assert.match(await why(moved), /: the answer refers to ldap:\/\/dc2\.corp\.example\/ou=moved.*; name/);
    for (const at of [base, moved]) assert.ok((await why(at)).endsWith(way));
    const departments = { base, map: { group_no: 'ou' } };
    assert.match(await whyNot(ldap(block({ departments }))), /, departments below .*: the answer refers to/);
  });

  test('reads on where Active Directory refers to its DNS zones and its configuration: people are never there', async () => {
    const { base, ldif } = branch('domain', [person(branchDn('domain'), 'here')]);
    const partitions = ['DC=DomainDnsZones', 'DC=ForestDnsZones', 'CN=Configuration'].map((partition, place) =>
      entry(`ou=p${place},${base}`, {
        objectClass: ['referral', 'extensibleObject'],
        ou: `p${place}`,
        ref: `ldap://corp.example/${partition},DC=corp,DC=example`,
      }),
    );
    await slapd.add([ldif, ...partitions].join('\n'));
    assert.equal((await readAll(ldap(block({ people: { ...people, base } })))).rows.people, 1);
  });

  test('fails when it ignores that pages were asked for', async () => {
    for (const page_size of [2, 3, 4]) {
      await using standIn = await startStandIn(three, { ignoresPaging: true });
      assert.match(await whyNot(asked(standIn.url, { page_size })), /ignores that it was asked for pages \(RFC 2696\)/);
    }
  });

  test('fails as soon as it gives more than was asked for', async () => {
    // Without an end, which with a million people would be a long way off.
    await using standIn = await startStandIn([], { says: Buffer.concat(three.map(one => entryOf(1001, one))) });
    assert.match(await whyNot(asked(standIn.url, { page_size: 2 })), /ignores that it was asked for pages/);
  });

  test('is not asked for a part, nor may it leave paging out', async () => {
    await using standIn = await startStandIn(three);
    await usernames(asked(standIn.url, { page_size: 2 }));
    const limits = standIn.searches.map(({ sizeLimit, timeLimit }) => [sizeLimit, timeLimit]);
    assert.deepEqual(limits, [
      [0, 0],
      [0, 0],
    ]);
    for (const { controls } of standIn.searches)
      assert.deepEqual(
        controls?.map(one => one.critical),
        [true],
      );
  });

  test('goes on where a page is empty and there is a next', async () => {
    await using standIn = await startStandIn(three, { emptyPages: 3 });
    assert.deepEqual(await usernames(asked(standIn.url, { page_size: 2 })), ['a', 'b', 'c']);
  });

  test('fails when empty pages never end', async () => {
    await using standIn = await startStandIn(three, { emptyPages: 5000 });
    assert.match(await whyNot(asked(standIn.url)), /: gives one empty page after the other$/);
  });
});

const three = ['a', 'b', 'c'].map(uid => ({ dn: `uid=${uid},dc=x`, attributes: { uid: [uid] } }));
const asked = (url: string, more: Readonly<Record<string, unknown>> = {}) =>
  ldap({ url, people: { base: 'dc=x', key: 'uid', map: { username: 'uid' } }, ...more });

suite('a server that says no', () => {
  const answers: readonly (readonly [NonNullable<Ways['result']>, RegExp])[] = [
    [{ code: 3 }, /answered TimeLimitExceeded \(result code 3\); raise that limit for the account .*time=unlimited/],
    [
      { code: 8, text: 'bind first' },
      /answered StrongAuthRequired \(result code 8\): bind first; it wants TLS or another bind/,
    ],
    [{ code: 10 }, /: the answer refers to another server; name that server in url/],
    [{ code: 10, referral: ['ldap://dc2/dc=x'] }, /: the answer refers to ldap:\/\/dc2\/dc=x; name that server in url/],
    [{ code: 11 }, /answered AdminLimitExceeded \(result code 11\); raise that limit .*size\.unchecked=unlimited/],
    [
      { code: 12 },
      /answered UnavailableCriticalExtension \(result code 12\); it does not know paged results \(RFC 2696\)/,
    ],
    [{ code: 13 }, /answered ConfidentialityRequired \(result code 13\); it wants TLS; use ldaps:\/\/ or start_tls$/],
    [{ code: 50 }, /answered InsufficientAccess \(result code 50\); give the account the right to read below "dc=x"$/],
    [{ code: 53, text: 'not today' }, /answered UnwillingToPerform \(result code 53\): not today$/],
  ];
  for (const [result, words] of answers) {
    test(`with ${result.code}${result.referral ? ' and where to go' : ''}`, async () => {
      await using standIn = await startStandIn(three, { result });
      assert.match(await whyNot(asked(standIn.url)), words);
    });
  }

  test('because there is no such base, which is another matter than one without people', async () => {
    const none = branchDn('none');
    assert.equal(
      await whyNot(ldap(block({ people: { ...people, base: none } }))),
      `${slapd.url}, people below "${none}": answered NoSuchObject (result code 32); ` +
        `there is no "${none}", or the account may not see it; check base and bind`,
    );
    assert.match(await whyNot(ldap(block({ bind: undefined }))), /answered NoSuchObject \(result code 32\)/);
    assert.match(
      await whyNot(ldap(block({ people: { ...people, base: 'people' } }))),
      /answered InvalidDNSyntax \(result code 34\): invalid DN; "people" is no DN; check base$/,
    );
    const nobody = await readAll(ldap(block({ people: { ...people, filter: '(uid=nobody)' } })));
    assert.deepEqual([nobody.rows.people, nobody.problems], [0, []]);
  });

  test('because of the password, which no other server is asked for', async () => {
    await using other = await behindProxy(slapd.url);
    const url = [slapd.url, other.through(slapd.url)];
    const why = await whyNot(ldap(block({ url, bind: { dn: reader.dn, password: 'old-secret' } })));
    assert.equal(why, `${slapd.url} does not accept the account ${reader.dn}; check bind.dn and bind.password`);
    assert.equal(other.connections, 0);
  });

  test('because of the account, in the words of the server', async () => {
    const text = '80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 533, v3839\0';
    await using standIn = await startStandIn(three, { bindResult: { code: 49, text } });
    assert.equal(
      await whyNot(asked(standIn.url)),
      `${standIn.url} does not accept the account ${reader.dn}; check bind.dn and bind.password ` +
        '(it said: 80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 533, v3839)',
    );
  });

  test('because it lets nobody bind in the clear', async () => {
    for (const [code, name] of [
      [8, 'StrongAuthRequired'],
      [13, 'ConfidentialityRequired'],
    ] as const) {
      await using standIn = await startStandIn(three, { bindResult: { code } });
      assert.equal(
        await whyNot(asked(standIn.url)),
        `${standIn.url} answered ${name} (result code ${code}); it wants TLS; use ldaps:// or start_tls`,
      );
    }
  });

  test('with something that is not LDAP, or with a goodbye', async () => {
    const farewell = message(0, 0x78, writer => {
      writer.writeEnumeration(52);
      writer.writeString('');
      writer.writeString('shutting down');
    });
    const truncated = message(1001, 0x64, writer => {
      writer.writeString('uid=a,dc=x');
      writer.startSequence();
      writer.startSequence();
      writer.writeString('uid');
      writer.startSequence(0x31);
      // A value that says it is longer than the message.
      writer.writeByte(4);
      writer.writeLength(100);
      writer.endSequence();
      writer.endSequence();
      writer.endSequence();
    });
    const cases: readonly (readonly [Buffer, RegExp])[] = [
      [farewell, /: answered Unavailable \(result code 52\): shutting down$/],
      [Buffer.from('30050201ff6500', 'hex'), /: answers with something that is not LDAP$/],
      [message(1001, 0x79, () => {}), /: answers with something that is not LDAP$/],
      [truncated, /: answers with something that is not LDAP$/],
    ];
    for (const [says, words] of cases) {
      await using standIn = await startStandIn(three, { says });
      assert.match(await whyNot(asked(standIn.url)), words);
    }
  });
});

suite('what can be seen to be wrong', () => {
  test('is told before any server is asked', async () => {
    const url = `ldap://127.0.0.1:${await freePort()}`;
    const why = (more: object) => whyNot(ldap(block({ url, people: { ...people, ...more } })));
    assert.match(await why({ filter: '(uid=*' }), /^people: filter "\(uid=\*" cannot be read: /);
    assert.equal(await why({ map: { username: 'user name' } }), 'people: "user name" is no name of an attribute');
    assert.equal(await why({ map: { username: '*' } }), 'people: "*" is no name of an attribute');
    const departments = { base: crowd, map: { group_no: 'ou' }, members: 'member of' };
    assert.equal(
      await whyNot(ldap(block({ url, departments }))),
      'departments: "member of" is no name of an attribute',
    );
  });
});

suite('a connection that breaks', () => {
  for (const how of ['fin', 'rst'] as const) {
    test(`by ${how.toUpperCase()}, at whatever byte`, async () => {
      await using proxy = await behindProxy(slapd.url);
      const url = proxy.through(slapd.url).replace(/\/$/, '');
      const departments = { base: crowd, filter: '(uid=u1)', map: { group_no: 'uid' } };
      for (const bytes of [0, 5, 14, 20, 200, 1000, 5000, 9000]) {
        proxy.cutAfter(bytes, how);
        const why = await whyNot(ldap(block({ url, departments })));
        assert.match(
          why,
          /(closed the connection before it (answered|was asked)|broke the connection \((ECONNRESET|EPIPE)\))$/,
          `${bytes}`,
        );
        assert.ok(why.startsWith(url), why);
      }
      await proxy.restore();
      assert.equal((await readAll(ldap(block({ url, departments })))).rows.people, COUNT);
    });
  }

  test('fails the read that began on it, whatever other servers there are', async () => {
    await using proxy = await behindProxy(slapd.url);
    await using other = await behindProxy(slapd.url);
    proxy.cutAfter(3000, 'fin');
    const url = [proxy.through(slapd.url), other.through(slapd.url)];
    assert.match(await whyNot(ldap(block({ url }))), /, people below .*: closed the connection before it answered$/);
    assert.equal(other.connections, 0);
  });
});

suite('a server that stands still', () => {
  test('is given up in time, whatever it is asked', async () => {
    await using proxy = await behindProxy(slapd.url);
    const url = proxy.through(slapd.url);
    const [late, source] = ['gave no answer for 0.2 s', ldap(block({ url, timeout: '200ms' }))];
    const frozen: Source = {
      name: source.name,
      async *read(of) {
        for await (const batch of source.read(of)) {
          proxy.freeze();
          yield batch;
        }
      },
    };
    assert.equal(await whyNot(frozen, pull(), 2000), `${url}, people below "${crowd}": ${late}`);
    assert.equal(await whyNot(source, pull(), 2000), `${url} ${late}`);
    for (const way of [{ url: url.replace('ldap:', 'ldaps:') }, { url, start_tls: true }]) {
      assert.match(
        await whyNot(ldap(block({ ...way, timeout: '200ms' })), pull(), 2000),
        /^ldaps?:.* gave no answer for 0\.2 s$/,
      );
    }
  });

  test('leaves no connection behind', async () => {
    await using silent = await silentServer();
    const address = `127.0.0.1:${silent.port}`;
    for (const url of [`ldap://${address}`, `ldaps://${address}`]) await whyNot(ldap(block({ url, timeout: '50ms' })));
    await until('all are closed', () => silent.open === 0);
  });

  test('does not keep a run that is aborted', async () => {
    await using silent = await silentServer();
    await using relay = await counted(`ldap://127.0.0.1:${silent.port}`);
    const run = new AbortController();
    const start = performance.now();
    const reading = whyNot(ldap(block({ url: relay.url })), pull(run.signal));
    await until('it is connected', () => relay.open === 1);
    run.abort();
    assert.equal(await reading, 'the reading was broken off');
    assert.ok(performance.now() - start < 2000);
    await until('it is closed', () => relay.open === 0);
  });

  test('does not keep a run that is aborted between two pages', async () => {
    await using proxy = await behindProxy(slapd.url);
    const run = new AbortController();
    const source = ldap(block({ url: proxy.through(slapd.url) }));
    const reading = (async () => {
      for await (const batch of source.read(pull(run.signal))) {
        assert.ok(!run.signal.aborted, `a batch of ${batch.kind} came after the abort`);
        proxy.freeze();
        setTimeout(() => run.abort(), 50);
      }
    })();
    const start = performance.now();
    await assert.rejects(reading, { message: 'source ad: the reading was broken off' });
    assert.ok(performance.now() - start < 2000);
  });

  test('is waited for by nobody who takes long over a page', async () => {
    const source = ldap(block({ timeout: '100ms', page_size: 20 }));
    let rows = 0;
    for await (const batch of source.read(pull())) {
      if (batch.kind === 'people') rows += batch.rows;
      await new Promise(resolve => setTimeout(resolve, 150));
    }
    assert.equal(rows, COUNT);
  });
});

suite('several servers', () => {
  test('are tried in turn until one can be reached', async () => {
    await using silent = await silentServer();
    await using next = await behindProxy(slapd.url);
    const down = `ldap://127.0.0.1:${await freePort()}`;
    const url = [down, `ldap://127.0.0.1:${silent.port}`, slapd.url, next.through(slapd.url)];
    assert.equal((await readAll(ldap(block({ url, timeout: '200ms' })))).rows.people, COUNT);
    assert.equal(next.connections, 0);
    assert.equal(
      await whyNot(ldap(block({ url: url.slice(0, 2), timeout: '200ms' }))),
      `${down} refuses connections; is it running, and is the port right? (ECONNREFUSED); ${url[1]} gave no answer for 0.2 s`,
    );
  });

  test('are tried in turn where one is busy or about to end', async () => {
    for (const code of [51, 52]) {
      await using standIn = await startStandIn(three, { bindResult: { code, text: 'later' } });
      assert.equal((await readAll(ldap(block({ url: [standIn.url, slapd.url] })))).rows.people, COUNT);
      const why = await whyNot(asked(standIn.url));
      assert.match(why, new RegExp(`^${standIn.url} answered \\w+ \\(result code ${code}\\): later$`));
    }
  });

  test('are tried in turn where one breaks off before it lets us in', async () => {
    await using proxy = await behindProxy(slapd.url);
    for (const bytes of [0, 5]) {
      proxy.cutAfter(bytes, 'rst');
      const url = [proxy.through(slapd.url), slapd.url];
      assert.equal((await readAll(ldap(block({ url })))).rows.people, COUNT);
    }
    assert.equal(proxy.connections, 2);
  });
});

suite('LDAPS and StartTLS', () => {
  test('give the same', async () => {
    const tls = { ca_file: slapd.caFile };
    for (const way of [{ url: slapd.ldapsUrl }, { start_tls: true }]) {
      assert.equal((await readAll(ldap(block({ ...way, tls })))).rows.people, COUNT);
    }
  });

  test('go to no server that cannot show who it is', async () => {
    await using folder = await temporaryFolder();
    const tls = { ca_file: (await makeCertificates(folder.path)).caFile };
    for (const way of [{ url: slapd.ldapsUrl }, { start_tls: true }]) {
      assert.match(
        await whyNot(ldap(block({ ...way, tls }))),
        /^ldaps?:\S+ its certificate is signed by nobody we trust/,
      );
    }
  });
});
