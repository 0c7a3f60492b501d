import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { departmentContent, personContent } from '../../src/roster/leaf.ts';
import { type Department, type Person, snapshotNumber } from '../../src/roster/model.ts';
import { DEPARTMENTS, type Packing, PEOPLE } from '../../src/store/packed.ts';
import { engines } from './engines.ts';
import { department, NOBODY, person, publish, readBack, roster } from './rosters.ts';

/** What the packing itself is made of, and what JSON and engines treat in a way of their own. */
const odd = fc.constantFrom(
  '',
  '[',
  '@',
  '["',
  '"',
  '\\',
  '\x1f',
  '\x1e',
  '\u0000',
  '\n',
  '\ud800',
  '林',
  '😀',
  '","',
  '],[',
);
const anyText = fc.oneof(
  fc.string(),
  fc.array(odd, { maxLength: 4 }).map(all => all.join('')),
  odd,
);

const anyPerson = fc
  .record({
    name: anyText,
    login: anyText,
    email: fc.oneof(anyText, fc.constant('@corp.example'), fc.constant('own')),
    fields: fc.array(anyText, { minLength: 7, maxLength: 7 }),
    departments: fc.array(anyText, { maxLength: 3 }),
    extra: fc.array(fc.tuple(anyText, anyText), { maxLength: 3 }),
    usual: fc.boolean(),
  })
  .map(({ name, login, email, fields, usual, ...rest }) => {
    const [nick_name, ad_no, company, phone1, phone2, extension_no, gender] = fields;
    const own = usual ? { login: name, email: `${name}@corp.example` } : { login, email };
    const others = { nick_name, ad_no, company, phone1, phone2, extension_no, gender };
    return person(`hr/${name}`, { username: name, ...own, ...others, ...rest });
  });

const anyDepartment = fc.tuple(anyText, anyText, anyText).map(([code, name, parent]) => department(code, name, parent));

/** What comes back of a content that is packed in a row. */
function throughRow<Value>({ pack, unpack }: Packing<Value>, row: { key: string; name: string; content: string }) {
  const content = pack(row);
  const back = unpack({ ...row, content });
  return { content, back: back.content, value: back.value() };
}

const ofPerson = (one: Person) => throughRow(PEOPLE, { key: one.key, name: one.username, content: personContent(one) });
const ofDepartment = (one: Department) =>
  throughRow(DEPARTMENTS, { key: one.group_no, name: one.group_no, content: departmentContent(one) });

suite('the content of a row', () => {
  test('comes back to the last character, whatever is in it', () => {
    fc.assert(
      fc.property(anyPerson, one => {
        const { back, value } = ofPerson(one);
        assert.equal(back, personContent(one));
        assert.deepEqual(value, one);
      }),
    );
    fc.assert(
      fc.property(anyDepartment, one => {
        const { back, value } = ofDepartment(one);
        assert.equal(back, departmentContent(one));
        assert.deepEqual(value, one);
      }),
    );
  });

  test('is short for whoever is as most people are', () => {
    const one = person('hr/ann', { departments: ['RD', 'S'], extra: [['floor', '3']] });
    assert.equal(ofPerson(one).content, '\x1f@corp.example\x1f\x1f\x1f\x1f\x1f\x1f\x1fmale\x1fRD\x1eS\x1ffloor\x1f3');
    assert.equal(ofDepartment(department('RD', 'Research', 'A')).content, 'Research\x1fA');
  });

  test('that is damaged comes back as another one, and never as an error', () => {
    const row = { key: 'hr/ann', name: 'ann', content: personContent(person('hr/ann')) };
    const content = PEOPLE.pack(row);
    for (let end = 0; end < content.length; end += 1) {
      assert.notEqual(PEOPLE.unpack({ ...row, content: content.slice(0, end) }).content, row.content);
    }
    fc.assert(
      fc.property(anyText, fc.nat({ max: content.length }), (text, at) => {
        const other = `${content.slice(0, at)}${text}`;
        if (other !== content) assert.notEqual(PEOPLE.unpack({ ...row, content: other }).content, row.content);
      }),
    );
  });
});

for (const [engine, place] of Object.entries(engines)) {
  suite(`contents in ${engine}`, () => {
    test('are read back as they were, packed or whole', async () => {
      await using here = await place();
      await using store = await here.open();
      const one = roster(
        [
          person('hr/a', { nick_name: 'tab\tquote"back\\slash', extra: [['floor', '3']] }),
          person('hr/b', { nick_name: '林 😀', login: 'other', departments: ['RD'] }),
          person('hr/c', { login: '[c', email: 'c' }),
          person('hr/d', { company: 'half \ud800 a pair' }),
        ],
        [department('RD', 'R "&" D'), department('S', 'Sales', 'RD')],
      );
      const number = await publish(store, NOBODY, one);
      assert.deepEqual(await readBack(store, number), one);
      const rows = await here.rows("select name from people where content like '[%' order by name");
      assert.deepEqual(
        rows.map(row => String(row['name'])),
        ['a', 'c', 'd'],
      );
      assert.equal((await store.people.named('b', snapshotNumber(1)))?.value.login, 'other');
      assert.deepEqual(await store.keysNamed('other'), ['hr/b']);
      assert.deepEqual(await store.keysNamed('[c'), ['hr/c']);
    });
  });
}
