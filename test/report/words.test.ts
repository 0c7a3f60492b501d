import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { countedForm, REPORT_WORDS } from '../../src/report/words.ts';

/** Every text of a language by where it is, as `page.hold.opened`. */
function textsOf(words: unknown, way = ''): [string, string][] {
  if (typeof words === 'string') return [[way, words]];
  return Object.entries(words as object).flatMap(([name, inner]) =>
    textsOf(inner, way === '' ? name : `${way}.${name}`),
  );
}

const placesOf = (text: string) => [...text.matchAll(/\{(\w*)\}/g)].map(([, name]) => name).sort();

const english = textsOf(REPORT_WORDS.en);

/** The same in several languages: signs, and what is a name. */
const SAME = /^[^\p{L}]*$|^(·|\{\w+\}|\s|[+-])*$/u;

for (const language of ['zh-TW', 'ja'] as const) {
  suite(`the words in ${language}`, () => {
    const texts = new Map(textsOf(REPORT_WORDS[language]));

    test('are as many as in English, with the same places', () => {
      assert.deepEqual(
        [...texts.keys()],
        english.map(([way]) => way),
      );
      for (const [way, text] of english) {
        const other = texts.get(way) ?? '';
        // A language without a plural may say in words what a place says in another.
        assert.deepEqual(
          placesOf(other),
          way.endsWith('.one') ? placesOf(texts.get(way.replace(/one$/, 'other')) ?? '') : placesOf(text),
          way,
        );
      }
    });

    test('are in that language', () => {
      const untold = english.filter(([way, text]) => texts.get(way) === text && !SAME.test(text));
      assert.deepEqual(untold, []);
      for (const [way, text] of texts) {
        if (!SAME.test(text)) assert.match(text, /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u, way);
      }
    });
  });
}

test('no text is empty, or begins or ends with a blank', () => {
  for (const words of Object.values(REPORT_WORDS)) {
    for (const [way, text] of textsOf(words)) assert.match(text, /^\S(.*\S)?$/u, way);
  }
});

test('Chinese is written as it is in Taiwan', () => {
  for (const [way, text] of textsOf(REPORT_WORDS['zh-TW'])) {
    assert.doesNotMatch(text, /[这为们个发动时间过从对开关无应该请员门问题数据户网级层击]/u, way);
    assert.doesNotMatch(text, /[\u3040-\u30ff]/u, way);
  }
});

test('numbers have their form', () => {
  const { people } = REPORT_WORDS.en.page.sizes;
  assert.deepEqual(
    [0, 1, 2].map(count => countedForm(people, count)),
    ['{count} people', '{count} person', '{count} people'],
  );
});
