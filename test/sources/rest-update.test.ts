import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { SourcePlan } from '../../src/roster/drafts.ts';
import { merge } from '../../src/roster/merge.ts';
import { type Extract, type PersonRecord, sourceName } from '../../src/roster/model.ts';
import { ProblemList } from '../../src/roster/problems.ts';
import type { Source } from '../../src/sources/source.ts';
import { startPeer } from '../support/http-peer.ts';
import { readAll } from './configured.ts';
import { manifestFor, rest, say } from './rest-service.ts';

const structure = { email: 'm', ad_no: 'ad', phone1: 'p1', phone2: 'p2', bamboohr_id: 'id' };

async function withUpdate<T>(
  pages: readonly (readonly unknown[])[],
  use: (source: Source) => Promise<T>,
  parts = {},
  settings = {},
): Promise<T> {
  await using peer = await startPeer(({ count }, response) =>
    say(response, { json: { people: pages[count - 1] ?? [], next: count < pages.length ? `/p?${count}` : null } }),
  );
  const manifest = { action: 'update', data_structure: structure, next_page_from: 'next', ...parts };
  return await use(rest(manifestFor(peer.origin, manifest), settings));
}

const update = (pages: readonly (readonly unknown[])[], parts = {}, settings = {}) =>
  withUpdate(pages, readAll, parts, settings);

const record = (key: string, more: Partial<PersonRecord>): PersonRecord => ({
  key,
  fields: { email: key },
  departments: [],
  extra: [],
  active: true,
  broken: [],
  ...more,
});

suite('`action: update` rows enrich people by email', () => {
  test('one record a person, whatever the case of the email, over all pages', async () => {
    const { people, rows, problems } = await update([
      [{ m: 'Ann@x.example', p1: '1' }],
      [{ m: ' ann@X.example', p2: '2', id: 7 }, { m: 'bo@x.example' }],
    ]);
    assert.deepEqual(people, [
      record('ann@x.example', {
        fields: { email: 'ann@X.example', phone1: '1', phone2: '2' },
        extra: [['bamboohr_id', '7']],
      }),
      record('bo@x.example', {}),
    ]);
    assert.deepEqual([rows.people, problems], [3, []]);
  });

  test('the last row wins; missing says nothing', async () => {
    const { people } = await update([
      [
        { m: 'a@x.example', p1: '1', id: 1 },
        { m: 'a@x.example', p1: '2', p2: '' },
        { m: 'a@x.example', id: 3 },
      ],
    ]);
    assert.deepEqual(people, [
      record('a@x.example', { fields: { email: 'a@x.example', phone1: '2' }, extra: [['bamboohr_id', '3']] }),
    ]);
  });

  test('null blanks; a later row may say otherwise', async () => {
    const ann = { m: 'a@x.example' };
    const {
      people: [one],
    } = await update([
      [
        { ...ann, p1: '1', id: 1 },
        { ...ann, p1: null, id: null },
      ],
    ]);
    assert.deepEqual(one, record('a@x.example', { blanks: ['phone1', 'extra.bamboohr_id'] }));
    const {
      people: [other],
    } = await update([
      [
        { ...ann, p1: null, id: null },
        { ...ann, p1: '1' },
      ],
    ]);
    assert.deepEqual(
      other,
      record('a@x.example', { fields: { email: 'a@x.example', phone1: '1' }, blanks: ['extra.bamboohr_id'] }),
    );
  });

  test('what one row could not say stays broken until another says it', async () => {
    const ann = { m: 'a@x.example' };
    const broken = [{ field: 'phone1', why: 'is an object; the manifest must name one value in it' }];
    assert.deepEqual(
      (
        await update([
          [
            { ...ann, p1: {} },
            { ...ann, p2: '2' },
          ],
        ])
      ).people[0]?.broken,
      broken,
    );
    assert.deepEqual(
      (
        await update([
          [
            { ...ann, p1: {} },
            { ...ann, p1: '1' },
          ],
        ])
      ).people[0]?.broken,
      [],
    );
    assert.deepEqual(
      (
        await update([
          [
            { ...ann, p1: '1' },
            { ...ann, p1: {} },
          ],
        ])
      ).people[0]?.broken,
      broken,
    );
  });

  test('email-less rows are skipped and counted', async () => {
    const { people, problems, rows } = await update([
      [{ p1: '1' }, { m: null, p1: '2' }, { m: ' ', p1: '3' }, { m: 'a@x.example' }],
    ]);
    assert.deepEqual([people.length, rows.people], [1, 4]);
    assert.deepEqual(
      problems.map(({ code, effect, text }) => [code, effect, text]),
      [['update_without_match', 'dropped', '3 rows have no email to find anybody by']],
    );
    const lone = await update([[{ p1: '1' }]]);
    assert.equal(lone.problems[0]?.text, '1 row has no email to find anybody by');
  });

  test('`match` of the source chooses another field', async () => {
    const settings = { match: 'ad_no' };
    const { people, problems } = await update(
      [[{ ad: 'E1', p1: '1' }, { ad: 'e1', p2: '2' }, { m: 'a@x.example' }]],
      {},
      settings,
    );
    assert.deepEqual(people, [record('e1', { fields: { ad_no: 'e1', phone1: '1', phone2: '2' } })]);
    assert.equal(problems[0]?.text, '1 row has no ad_no to find anybody by');
  });

  test('says nothing of username, email, first_name, last_name: but by what they are found', async () => {
    const data_structure = { ...structure, username: 'u', first_name: 'f', last_name: 'l', nick_name: 'n' };
    const row = { m: 'a@x.example', ad: 'E1', u: 'evil', f: 'E', l: null, n: 'N' };
    const {
      people: [byEmail],
    } = await update([[row]], { data_structure });
    assert.deepEqual(byEmail, record('a@x.example', { fields: { email: 'a@x.example', nick_name: 'N', ad_no: 'E1' } }));
    const {
      people: [byNumber],
    } = await update([[row]], { data_structure }, { match: 'ad_no' });
    assert.deepEqual(byNumber, record('e1', { fields: { nick_name: 'N', ad_no: 'E1' } }));
  });
});

const plan = (name: string, action: SourcePlan['action'], match: SourcePlan['match']): SourcePlan => ({
  name: sourceName(name),
  action,
  match,
  fields: undefined,
});
const PLANS = [plan('hr', 'create', 'key'), plan('first', 'update', 'email'), plan('second', 'update', 'email')];

/** What becomes of people of a first source when two manifests enrich them. */
async function enriched(
  people: readonly PersonRecord[],
  first: readonly unknown[],
  second: readonly unknown[],
  parts = {},
) {
  const extracts: Extract[] = [
    {
      source: sourceName('hr'),
      people,
      departments: undefined,
      memberships: [],
      rows: { people: 0, departments: 0, memberships: 0 },
      problems: [],
    },
  ];
  for (const [name, rows] of [
    ['first', first],
    ['second', second],
  ] as const)
    extracts.push({ source: sourceName(name), ...(await update([rows], parts, { name })) });
  const problems = new ProblemList();
  const merged = merge(extracts, PLANS, problems);
  return {
    people: [...merged.people.values()].map(({ key, fields, extra }) => ({ key, fields, extra })),
    problems: problems.listed,
  };
}

suite('update, merged', () => {
  const hr = [record('a@x.example', { fields: { email: 'A@x.example', username: 'ann', phone1: '1' } })];
  test('fills what nobody else filled, and any extra', async () => {
    const { people } = await enriched(hr, [{ m: 'a@X.example', p1: '9', p2: '2', id: 7 }], []);
    assert.deepEqual(people, [
      {
        key: 'hr/a@x.example',
        fields: { email: 'A@x.example', username: 'ann', phone1: '1', phone2: '2' },
        extra: [['bamboohr_id', '7']],
      },
    ]);
  });

  test('null blanks what an earlier update source set, and nothing that a create source did', async () => {
    const { people } = await enriched(
      hr,
      [{ m: 'a@x.example', p2: '2', id: 7 }],
      [{ m: 'a@x.example', p1: null, p2: null, id: null }],
    );
    assert.deepEqual(people, [
      { key: 'hr/a@x.example', fields: { email: 'A@x.example', username: 'ann', phone1: '1' }, extra: [] },
    ]);
  });

  test('never email, username, first_name, last_name, also where nobody has any', async () => {
    const data_structure = { key: 'k', email: 'm', username: 'u', first_name: 'f', last_name: 'l', phone2: 'p2' };
    const bare = [record('a@x.example', { fields: { email: 'a@x.example' } })];
    const { people } = await enriched(bare, [{ k: 'z', m: 'A@x.example', u: 'evil', f: 'F', l: 'L', p2: '2' }], [], {
      data_structure,
    });
    assert.deepEqual(
      people.map(({ fields, extra }) => [fields, extra]),
      [[{ email: 'a@x.example', phone2: '2' }, []]],
    );
  });

  test('brings nobody into being; unmatched rows are skipped and counted', async () => {
    const { people, problems } = await enriched(
      hr,
      [{ m: 'b@x.example', p2: '2' }, { p2: '3' }, { m: 'c@x.example' }],
      [],
    );
    assert.deepEqual(
      people.map(({ key }) => key),
      ['hr/a@x.example'],
    );
    assert.deepEqual(problems.map(({ code, name }) => [code, name]).sort(), [
      ['update_unmatched', 'b@x.example'],
      ['update_unmatched', 'c@x.example'],
      ['update_without_match', 'first'],
    ]);
  });
});
