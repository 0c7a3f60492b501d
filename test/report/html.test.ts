import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { brief, embedded, foreign, html, plain, raw } from '../../src/report/html.ts';
import { pieces } from '../../src/report/visible.ts';
import { filled } from '../../src/report/words.ts';
import { HOSTILE } from './fixtures.ts';

suite('a template', () => {
  test('escapes whatever is put into it', () => {
    const text = `<b onclick="x">'&'</b>`;
    assert.equal(`${html`<p>${text}</p>`}`, '<p>&lt;b onclick=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;</p>');
    assert.equal(
      `${html`<p title="${text}">`}`,
      '<p title="&lt;b onclick=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;">',
    );
    assert.equal(`${html`<i>${[text, [text]]}</i>`}`.includes('<b'), false);
  });

  test('takes HTML as it is, numbers, lists, and nothing', () => {
    const list = [1, html`<b>${'<'}</b>`, raw('<hr>'), undefined, false as const];
    assert.equal(`${html`<p>${list}${undefined}${false}${0}</p>`}`, '<p>1<b>&lt;</b><hr>0</p>');
  });

  test('marks hidden characters between tags, and spells them out in attributes', () => {
    const text = 'a\u202eb\u0000c\ud800d';
    assert.equal(
      `${html`<p title="${text}">${text}</p>`}`,
      '<p title="a⟨U+202E⟩b⟨U+0000⟩c⟨U+D800⟩d">a<span class="unseen">⟨U+202E⟩</span>b<span class="unseen">⟨U+0000⟩</span>c<span class="unseen">⟨U+D800⟩</span>d</p>',
    );
    assert.equal(
      `${html`<title>${plain(`<i>${text}`)}</title>`}`,
      '<title>&lt;i&gt;a⟨U+202E⟩b⟨U+0000⟩c⟨U+D800⟩d</title>',
    );
  });

  test('leaves what scripts and emoji are written with', () => {
    const text = 'نامه‌ای 👩‍💻 ❤️ 葛󠄀 tab\tline\nend';
    assert.equal(`${html`<p>${text}</p>`}`, `<p>${text}</p>`);
  });

  test('gives whole Unicode, whatever it is filled with', () => {
    for (const text of Object.values(HOSTILE)) {
      const page = `${html`<p title="${text}">${foreign(text)}</p>`}`;
      assert.equal(page.isWellFormed(), true, text.slice(0, 20));
      assert.doesNotMatch(page.replace(/<\/?(p|bdi|span|details|summary)( [a-z]+="[^"<>]*")?>/g, ''), /[<>]/);
    }
  });
});

test('a text in pieces is the same text', () => {
  for (const text of Object.values(HOSTILE)) {
    assert.equal(
      pieces(text)
        .map(piece => piece.text)
        .join(''),
      text,
    );
  }
  assert.deepEqual(pieces(''), []);
});

test('a text of somebody else stands on its own, and a long one can be opened', () => {
  assert.equal(`${foreign('a <b>')}`, '<bdi>a &lt;b&gt;</bdi>');
  // The cut would go through the middle of an emoji.
  const long = `${'x'.repeat(159)}😀${'y'.repeat(500)}`;
  assert.equal(
    `${foreign(long)}`,
    `<details class="long"><summary><bdi>${'x'.repeat(159)}…</bdi></summary><bdi>${long}</bdi></details>`,
  );
  assert.equal(`${brief('a <b>')}`, '<bdi>a &lt;b&gt;</bdi>');
  assert.equal(`${brief(long)}`, `<bdi>${'x'.repeat(159)}…</bdi>`);
});

test('embedded data come back as they were, and cannot end their element', () => {
  const data = { ...HOSTILE, nested: [{ text: '</script><!--' }], ['__proto__']: 'own' };
  const element = `${embedded('data', data)}`;
  const [, json = ''] = element.match(/^<script type="application\/json" id="data">([^<]*)<\/script>$/) ?? [];
  assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(data)));
  assert.doesNotMatch(json, /[\u2028\u2029]/);
  assert.equal(json.isWellFormed(), true);
});

test('a sentence is filled with elements and escaped texts, and what fills it is not filled again', () => {
  assert.equal(
    `${filled('{who} of {where}: {unknown}', { who: html`<b>a</b>`, where: '<{who}>' })}`,
    '<b>a</b> of &lt;{who}&gt;: {unknown}',
  );
});
