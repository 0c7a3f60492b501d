import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../src/sources/rest/json.ts';
import { compileNotation } from '../../src/sources/rest/notation.ts';

const at = (notation: string, value: Json) => compileNotation(notation)(value);

/** Parsed, since a literal would set the prototype. */
const ODD = JSON.parse(
  '{"__proto__": {"polluted": 1}, "constructor": "c", "a": {"__proto__": 2, "hasOwnProperty": 3}}',
);

suite('Notation', () => {
  const people = { data: { people: [{ n: 'Ann' }, { n: 'Bo' }, { n: 'Cy' }] } };
  const cases: [what: string, notation: string, value: Json, found: Json | undefined][] = [
    ['`""` is the value itself', '', [1], [1]],
    ['`""` is the value itself, null too', '', null, null],
    ['segments split on `.`: object keys', 'a.b', { a: { b: 1 } }, 1],
    ['segments split on `.`: a list index', 'data.people.1.n', people, 'Bo'],
    ['a list index may count from the end', 'data.people.-1.n', people, 'Cy'],
    ['a list index beyond the list is not found', 'data.people.3.n', people, undefined],
    ['a list index beyond the beginning is not found', 'data.people.-4.n', people, undefined],
    ['an index is a key, too, where there is an object', '1.a', { 1: { a: 2 } }, 2],
    ['an index into a text is not found', 'a.0', { a: 'xyz' }, undefined],
    ['a key of a list is not found', 'people.length', { people: [1, 2] }, undefined],
    ['a key of a text is not found', 'a.length', { a: 'xyz' }, undefined],
    ['null is found', 'a', { a: null }, null],
    ['below null nothing is', 'a.b', { a: null }, undefined],
    ['false, 0 and "" are found', 'a.2', { a: [false, 0, ''] }, ''],
    ['the longest literal key wins: @odata.nextLink', '@odata.nextLink', { '@odata.nextLink': 'x', '@odata': {} }, 'x'],
    ['the longest literal key wins: Department.ID', 'Department.ID', { 'Department.ID': 7, Department: { ID: 8 } }, 7],
    ['the shorter one does where it is the only one', 'Department.ID', { Department: { ID: 8 } }, 8],
    ['at each object, not only the first', 'a.b.c.d', { a: { 'b.c': { d: 1 } } }, 1],
    [
      'the longest literal key wins: a SCIM URN',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager.value',
      { 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { manager: { value: 'm' } } },
      'm',
    ],
    ['an empty segment is the empty key', 'a..b', { a: { '': { b: 1 } } }, 1],
    ['a dot at the end is an empty key', 'a.', { a: { '': 1 } }, 1],
    ['a dot at the beginning, too', '.a', { '': { a: 1 } }, 1],
    ['`*` is every element', 'data.people.*.n', people, ['Ann', 'Bo', 'Cy']],
    ['`*` is every value of an object', 'by.*.n', { by: { x: { n: 1 }, y: { n: 2 } } }, [1, 2]],
    ['`*` leaves out those without it', 'p.*.n', { p: [{ n: 1 }, {}, { n: null }] }, [1, null]],
    ['`*` of nothing is nothing', 'p.*', { p: [] }, []],
    ['`*` of what is no list is not found', 'p.*', { p: 3 }, undefined],
    ['`*` twice gives one flat list', 'd.*.p.*.n', { d: [{ p: [{ n: 1 }, { n: 2 }] }, { p: [{ n: 3 }] }] }, [1, 2, 3]],
    ['`*` is a key where there is one', '*', { '*': 1, a: 2 }, 1],
    [
      '`name[k=v]` is the first element where it holds',
      'e[t=work].v',
      {
        e: [
          { t: 'home', v: 1 },
          { t: 'work', v: 2 },
          { t: 'work', v: 3 },
        ],
      },
      2,
    ],
    [
      '`name[k=v]` compares as text',
      'e[primary=true].v',
      {
        e: [
          { primary: false, v: 1 },
          { primary: true, v: 2 },
        ],
      },
      2,
    ],
    ['`name[k=v]` compares numbers as text', 'e[id=7].v', { e: [{ id: 7, v: 1 }] }, 1],
    ['`name[k=v]` may have a dot in its value', 'e[t=a.b].v', { e: [{ t: 'a.b', v: 1 }] }, 1],
    ['`name[k=v]` without one is not found', 'e[t=fax].v', { e: [{ t: 'home' }, 'home', null] }, undefined],
    ['`name[k=v]` of what is no list is not found', 'e[t=fax]', { e: { t: 'fax' } }, undefined],
    ['`[k=v]` alone is of the list itself', 'e.[t=fax].v', { e: [{ t: 'fax', v: 1 }] }, 1],
    ['a key that looks like it wins', 'e[t=fax]', { 'e[t=fax]': 1, e: [{ t: 'fax' }] }, 1],
    ['own properties only: toString', 'toString', {}, undefined],
    ['own properties only: constructor.name', 'constructor.name', {}, undefined],
    ['own properties only: __proto__', '__proto__', {}, undefined],
    ['own properties only, of an inner object too', 'a.hasOwnProperty', { a: {} }, undefined],
    ['own properties only, in a selector too', 'e[constructor=x]', { e: [{}] }, undefined],
    ['an own `__proto__` is a key like any other', '__proto__.polluted', ODD, 1],
    ['an own `constructor` is a key like any other', 'constructor', ODD, 'c'],
    ['an own `__proto__` further in, too', 'a.__proto__', ODD, 2],
  ];
  for (const [what, notation, value, found] of cases) {
    test(what, () => assert.deepEqual(at(notation, value), found));
  }

  test('a miss is "not found", never an error', () => {
    const odd = [
      'a.b.c',
      '*.*.*',
      '-1',
      'a[b',
      'a[=c]',
      'a[b=',
      ']',
      '..',
      '[k=v]',
      'x[y=z].*.0',
      '99999999999999999999',
    ];
    for (const value of [null, true, 0, 'a', [], {}, [[]], [{}], { a: [] }] as Json[]) {
      for (const notation of odd)
        assert.doesNotThrow(() => at(notation, value), `${notation} of ${JSON.stringify(value)}`);
    }
  });
});

/** The rule in the words of the specification, slowly: split, then at each object the longest key of what remains. */
function naive(notation: string, value: Json): Json | undefined {
  if (notation === '') return value;
  const go = (here: Json, parts: readonly string[]): Json | undefined => {
    const [head = ''] = parts;
    if (parts.length === 0) return here;
    if (Array.isArray(here)) {
      const index = /^-?\d+$/.test(head) ? Number(head) : Number.NaN;
      const found = here[index < 0 ? here.length + index : index];
      return found === undefined ? undefined : go(found, parts.slice(1));
    }
    if (here === null || typeof here !== 'object') return undefined;
    const keys = parts.map((_, count) => parts.slice(0, count + 1).join('.')).reverse();
    const key = keys.find(one => Object.keys(here).includes(one));
    if (key === undefined) return undefined;
    return go((here as Record<string, Json>)[key] ?? null, parts.slice(key.split('.').length));
  };
  return go(value, notation.split('.'));
}

test('Notation: without `*` and selectors it is the naive reading of the rule', () => {
  const word = fc.constantFrom('a', 'b', 'a.b', 'b.a', '0', '-1', '1', '', '__proto__', 'constructor', 'length');
  const { json } = fc.letrec<{ json: Json }>(tie => ({
    json: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.constantFrom<Json>(null, 1, 'x', true),
      fc.array(tie('json'), { maxLength: 3 }),
      // From entries, so that "__proto__" is a key like any other.
      fc.array(fc.tuple(word, tie('json')), { maxLength: 4 }).map(list => Object.fromEntries(list) as Json),
    ),
  }));
  const path = fc.array(word, { minLength: 1, maxLength: 4 }).map(parts => parts.join('.'));
  fc.assert(
    fc.property(path, json, (notation, value) => assert.deepEqual(at(notation, value), naive(notation, value))),
    { numRuns: 3000 },
  );
});
