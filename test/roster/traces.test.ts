import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type Person,
  type PersonRecord,
  type Problem,
  type Provenance,
  sourceName,
  storedKey,
  username,
} from '../../src/roster/model.ts';
import { cleansed, isAbout, isStillListed, masked, tracesOf } from '../../src/roster/traces.ts';
import { row } from './shelf.ts';

const [HR, AD, PHONES] = ['hr', 'ad', 'phones'].map(sourceName) as [
  ReturnType<typeof sourceName>,
  ReturnType<typeof sourceName>,
  ReturnType<typeof sourceName>,
];

const zoe = (fields: Partial<Record<keyof Person, string>> = {}): Person => ({
  key: storedKey('hr/77'),
  username: username('Zoe.Q'),
  login: fields.login ?? 'Zoe.Q',
  email: fields.email ?? 'zoe@corp.example',
  nick_name: 'Zoe',
  ad_no: 'A-77',
  company: '',
  phone1: '',
  phone2: '',
  extension_no: '',
  gender: 'female',
  departments: [],
  extra: [],
});

const traces = (from: Provenance = {}) =>
  tracesOf(storedKey('hr/77'), [
    { value: zoe(), from: {} },
    { value: zoe({ login: 'z.married', email: 'Married@corp.example' }), from },
  ]);

const problem = (more: Partial<Problem>): Problem => ({
  code: 'any',
  effect: 'kept',
  source: HR,
  kind: 'person',
  key: 'hr/1',
  name: 'other',
  text: 'nothing',
  ...more,
});

describe('the names of somebody in a text', () => {
  const said: readonly (readonly [text: string, masked: string])[] = [
    ['username "zoe.q" is taken', 'username "(erased)" is taken'],
    ['it is now called Z.MARRIED.', 'it is now called (erased).'],
    ['zoe.q', '(erased)'],
    ['<zoe@corp.example>, zoe.q... and (married@corp.example)', '<(erased)>, (erased)... and ((erased))'],
    ['its key hr/77 was "x"', 'its key (erased) was "x"'],
    ['ｚｏｅ.q', 'ｚｏｅ.q'],
    ['zoe.qq azoe.q zoe.q.x zoe.q-1 b-zoe.q zoe.q@corp.example x@zoe.q _zoe.q zoe.q林', ''],
    ['hr/777 hr/77a xhr/77', ''],
    ['zoe at corp.example', ''],
  ];
  for (const [text, expected] of said) {
    test(text, () => assert.equal(masked(text, traces()), expected === '' ? text : expected));
  }

  test('are nothing but names, whatever they are made of', () => {
    const anyName = fc.string({
      unit: fc.constantFrom('a', '.', '+', '$', '[', '\\', '^', '-', '林'),
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(anyName, name => {
        const own = tracesOf(storedKey('hr/1'), [], [name]);
        assert.equal(masked(`is "${name}" now`, own), 'is "(erased)" now');
        for (const longer of [`a${name}`, `${name}a`])
          assert.equal(masked(`is "${longer}" now`, own), `is "${longer}" now`);
        assert.ok(own.hint.test(JSON.stringify([`"${name}"`])));
      }),
    );
  });
});

describe('problems', () => {
  const told: readonly (readonly [what: string, problem: Problem, left: Problem | undefined])[] = [
    ['with their key go', problem({ key: 'hr/77', name: '' }), undefined],
    ['under their name go', problem({ name: 'ZOE.Q' }), undefined],
    ['under their email go', problem({ name: 'married@corp.example' }), undefined],
    ['of others that name them go', problem({ text: 'email is that of "z.married"' }), undefined],
    ['of memberships of theirs go', problem({ kind: 'membership', key: 'hr/77', name: '77' }), undefined],
    ['of others stay', problem({ text: 'email is that of "bob"' }), problem({ text: 'email is that of "bob"' })],
    [
      'of departments stay, whatever their codes are',
      problem({ kind: 'department', key: 'zoe.q', name: 'zoe.q', text: '"zoe.q" has no parent' }),
      problem({ kind: 'department', key: 'zoe.q', name: 'zoe.q', text: '"zoe.q" has no parent' }),
    ],
    [
      'of sources stay, for runs are told by them, without the name',
      problem({ kind: 'source', key: '', name: 'hr', text: 'line 7 (zoe.q) is odd' }),
      problem({ kind: 'source', key: '', name: 'hr', text: 'line 7 ((erased)) is odd' }),
    ],
  ];
  for (const [what, one, left] of told) {
    test(what, () => {
      const count = left === one || JSON.stringify(left) === JSON.stringify(one) ? 0 : 1;
      assert.deepEqual(cleansed([one], traces()), { left: left ? [left] : [], count });
    });
  }
});

describe('records', () => {
  const nobody = row('5', { username: 'else', email: 'else@corp.example' });
  const said: readonly (readonly [
    what: string,
    record: PersonRecord,
    source: typeof HR,
    listed: boolean,
    about: boolean,
  ])[] = [
    ['by their own key', row('77', {}), HR, true, true],
    ['by the username that is their key', row('', { username: ' 77 ' }), HR, true, true],
    ['by username', row('5', { username: 'zoe.q' }), AD, true, true],
    ['by a later login', row('', { username: 'Z.Married' }), HR, true, true],
    ['by email', row('5', { email: 'MARRIED@corp.example' }), PHONES, true, true],
    ['by their own key in a source that gave them a field', row('77', {}), AD, false, true],
    ['by ad_no in a source that gave them a field', row('5', { ad_no: 'a-77' }), AD, false, true],
    ['not by their own key in any other', row('77', {}), PHONES, false, false],
    ['not by ad_no in any other, for it may be somebody else', row('5', { ad_no: 'A-77' }), PHONES, false, false],
    ['not by what is empty', row('5', { username: '', email: '', ad_no: '' }), AD, false, false],
    ['not if they are of somebody else', nobody, HR, false, false],
  ];
  for (const [what, record, source, listed, about] of said) {
    test(what, () => {
      const own = traces({ phone1: AD });
      assert.deepEqual([isStillListed(record, source, own), isAbout(record, source, own)], [listed, about]);
    });
  }
});
