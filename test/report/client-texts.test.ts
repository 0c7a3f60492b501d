import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { looksAlike } from '../../src/report/client/alike.ts';
import { branchesOf, findBranches, rootsOf } from '../../src/report/client/branches.ts';
import { targetOf } from '../../src/report/client/keys.ts';
import { shellQuoted, suggestions } from '../../src/report/client/names.ts';
import { totalsLine } from '../../src/report/client/totals.ts';
import { filledWords, Speech, wordParts } from '../../src/report/client/words.ts';
import { REPORT_WORDS } from '../../src/report/words.ts';
import { smallReport } from './fixtures.ts';

const speech = new Speech(REPORT_WORDS.en.client, 'en', 'Asia/Taipei');

suite('words with places', () => {
  test('are filled, numbers as the language writes them, names as they are', () => {
    assert.equal(filledWords('{a} of {b}', { a: 1234567, b: '1234567' }, 'en-GB'), '1,234,567 of 1234567');
    assert.equal(filledWords('{a} and {b}', { a: '{b}', b: 2 }, 'en-GB'), '{b} and 2');
  });

  test('leave a place as it is for which there is nothing', () => {
    assert.equal(filledWords('{a} {constructor}', { a: 1 }, 'en-GB'), '1 {constructor}');
  });

  test('come in parts, for places that are shown', () => {
    assert.deepEqual(wordParts('{name} の履歴'), [{ place: 'name' }, { fixed: ' の履歴' }]);
    assert.deepEqual(speech.parts('in {department}', { department: 7 }), ['in ', 7]);
  });

  test('know one from many, and the zone of the report', () => {
    assert.equal(speech.counted({ one: '{count} thing', other: '{count} things' }, 1), '1 thing');
    assert.equal(speech.counted({ one: '{count} thing', other: '{count} things' }, 2000), '2,000 things');
    assert.match(speech.time('2026-11-20T18:30:00Z'), /21 Nov 2026.*02:30/);
  });

  test('tell totals as the commands do', () => {
    const counts = {
      people_added: 1200,
      people_modified: 1,
      people_removed: 3,
      people_renamed: 1,
      departments_added: 1,
      departments_modified: 0,
      departments_removed: 2,
      memberships_added: 5,
      memberships_removed: 6,
    };
    assert.equal(
      totalsLine(counts, 2, speech),
      'people 1,200 added, 1 modified, 3 removed, 1 renamed, 2 newly quarantined · departments 1 added, 0 modified, 2 removed · memberships +5 -6',
    );
    assert.equal(
      totalsLine({ ...counts, people_renamed: 0 }, 0, new Speech(REPORT_WORDS.ja.client, 'ja', 'Asia/Tokyo')),
      '人員 追加 1,200、変更 1、削除 3 · 部門 追加 1、変更 0、削除 2 · 所属 +5 -6',
    );
  });
});

suite('names', () => {
  test('are suggested when they have what was typed, those first that begin with it', () => {
    const names = ['a.lin', 'k.chan', 'Ｃhan', 'm.lincoln', 'lin.a'];
    assert.deepEqual(suggestions(names, 'LIN'), ['lin.a', 'a.lin', 'm.lincoln']);
    assert.deepEqual(suggestions(names, 'chan'), ['Ｃhan', 'k.chan']);
    assert.equal(
      suggestions(
        Array.from({ length: 5000 }, (_, at) => `user${at}`),
        'u',
      ).length,
      30,
    );
  });

  test('are written as a shell takes them', () => {
    assert.equal(shellQuoted('a.lin@acme.example'), 'a.lin@acme.example');
    assert.equal(shellQuoted("o'neil; rm x"), "'o'\\''neil; rm x'");
    assert.equal(shellQuoted('-x'), "'-x'");
    assert.equal(shellQuoted(''), "''");
  });

  test('that look alike and are not the same are known', () => {
    assert(looksAlike('Jose\u0301', 'José'));
    assert(looksAlike('a\u200db', 'ab'));
    assert(!looksAlike('a\u202eb', 'ab'), 'what is hidden is made visible anyway');
    assert(!looksAlike('same', 'same'));
    assert(!looksAlike('a', 'b'));
  });
});

suite('the tree of departments', () => {
  const { tree } = smallReport();
  const branches = branchesOf(tree);
  const codes = (some: Iterable<(typeof branches)[number]>) => [...some].map(({ place }) => place.group_no).sort();

  test('has each one below the one that it is in', () => {
    assert.deepEqual(codes(rootsOf(branches)), ['HL']);
    const [root] = branches;
    assert.deepEqual(codes(root?.below ?? []), ['LON', 'TPE', 'TYO']);
    assert.equal(branches.length, tree.length);
    for (const { place, above } of branches) assert.equal(above?.place.depth ?? -1, place.depth - 1);
  });

  test('is searched by code and name, and shows what that is in', () => {
    const found = findBranches(branches, { query: 'sales-uk', onlyChanged: false });
    assert.deepEqual(codes(found.matching), ['SALES-UK']);
    assert.deepEqual(codes(found.shown), ['HL', 'LON', 'SALES-UK']);
  });

  test('can be cut down to what changed or whose people moved', () => {
    const found = findBranches(branches, { query: '', onlyChanged: true });
    assert(found.matching.size > 0 && found.matching.size < branches.length);
    for (const { place } of found.matching) assert(place.change !== undefined || place.came + place.went > 0);
  });
});

test('keys go from snapshot to snapshot and not beyond the ends', () => {
  assert.deepEqual(
    ['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End', 'x'].map(key =>
      targetOf(key, 5, 12),
    ),
    [6, 4, 4, 6, 0, 11, 0, 11, -1],
  );
  assert.equal(targetOf('ArrowRight', 11, 12), 11);
  assert.equal(targetOf('ArrowLeft', 0, 12), 0);
});
