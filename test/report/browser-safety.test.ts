import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { pageOf } from '../../src/report/page.ts';
import { type Browser, chromiumMissing, EVERY_STATE, openBrowser, type Shown } from '../support/chromium.ts';
import { HOSTILE, type Hostile, hostileReport, smallReport } from './fixtures.ts';
import { intruders, overflow, unfold } from './look.ts';

/** What stands in the page for texts that cannot stand there as they are; for the others, themselves. */
const SHOWN: Partial<Record<Hostile, string>> = {
  override: 'abc⟨U+202E⟩fed⟨U+2066⟩ghi⟨U+2069⟩',
  invisible: 'zero⟨U+200B⟩width',
  controls: 'nul⟨U+0000⟩bell⟨U+0007⟩escape⟨U+001B⟩[31mdelete⟨U+007F⟩',
  lines: 'two⟨U+2028⟩three⟨U+2029⟩four',
  surrogates: '⟨U+D800⟩lone⟨U+DC00⟩',
  long: 'x'.repeat(60),
  longChinese: '長'.repeat(60),
  marks: 'a\u0301\u0301',
};

/** Parts of the page that show texts of other people. */
const PARTS = ['#diff', '#hold', '#sync', '#chart', '#problems', '#renamed', '#sources'];

/** One of each kind: they are in `html.test.ts` all of them. */
const WORST: readonly Hostile[] = [
  'image',
  'script',
  'attribute',
  'override',
  'controls',
  'surrogates',
  'long',
  'prototype',
];

suite('a report of hostile texts', { skip: chromiumMissing() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  for (const which of EVERY_STATE ? (Object.keys(HOSTILE) as Hostile[]) : WORST) {
    test(`shows ${which} as what it is, by escaping alone`, async () => {
      const { html } = await pageOf(hostileReport(which));
      await using shown = await browser.show(html, { withoutPolicy: true });
      await isHarmless(shown, SHOWN[which] ?? HOSTILE[which]);
    });
  }

  for (const which of EVERY_STATE ? (['image', 'script', 'attribute', 'style'] as const) : (['script'] as const)) {
    test(`shows ${which} as what it is in the page as people have it, which its policy has nothing to say to`, async () => {
      const { html } = await pageOf(hostileReport(which));
      await using shown = await browser.show(html);
      await isHarmless(shown, HOSTILE[which]);
    });
  }

  test('fits into a narrow window, however long they are', async () => {
    const { html } = await pageOf(hostileReport('long'));
    await using shown = await browser.show(html, { width: 360 });
    await unfold(shown.page);
    assert.equal(await overflow(shown.page), 0);
  });
});

/** Whether a page shows a text everywhere, and does nothing that it says. */
async function isHarmless({ page, requests }: Shown, text: string): Promise<void> {
  await unfold(page);
  assert.deepEqual(await intruders(page), []);
  assert.equal(await overflow(page), 0);
  for (const part of PARTS) {
    const said = await page.locator(part).evaluate(one => one.textContent);
    assert.ok(said.includes(text), `${part} lacks it`);
  }
  assert.deepEqual(requests, []);
}

/** What somebody would put into a page, who got something past its escaping. */
const INTRUSIONS: Readonly<Record<string, string>> = {
  'a script': '<script>document.title = "taken"</script>',
  'a module': '<script type="module">document.title = "taken"</script>',
  'a script from elsewhere': '<script src="https://evil.example/x.js"></script>',
  'a script in its address': '<script src="data:text/javascript,document.title=`taken`"></script>',
  'a handler': '<img src="data:," onerror="document.title = \'taken\'">',
  'a picture from elsewhere': '<img src="https://evil.example/x.png">',
  'a style': '<style>body { display: none }</style>',
  'a style from elsewhere': '<link rel="stylesheet" href="https://evil.example/x.css">',
  'a frame': '<iframe src="data:text/html,<script>parent.document.title=`taken`</script>"></iframe>',
  'another base': '<base href="https://evil.example/">',
};

suite('the policy of a report', { skip: chromiumMissing() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  for (const [what, markup] of Object.entries(INTRUSIONS)) {
    test(`keeps out ${what}`, async () => {
      const { html } = await pageOf(smallReport());
      await using shown = await browser.show(html.replace('</main>', `${markup}</main>`));
      assert.ok(html.includes('</main>'));
      const told = shown.forgive(/Content Security Policy/);
      assert.ok(told.length > 0, 'nothing was kept out');
      assert.notEqual(await shown.page.title(), 'taken');
      assert.ok(await shown.page.locator('#standing').isVisible());
    });
  }

  test('lets its own script ask nobody, for a file has no server', async () => {
    const { html, policy } = await pageOf(smallReport());
    assert.match(policy, /connect-src 'none'/);
    await using shown = await browser.show(html);
    const answer = await shown.page.evaluate(() => fetch('https://elsewhere.example/').catch(error => `${error}`));
    assert.match(`${answer}`, /TypeError: Failed to fetch/);
    assert.ok(shown.forgive(/Content Security Policy/).length > 0);
  });

  test('stands in the page as it is told to servers', async () => {
    const { html, policy } = await pageOf(smallReport());
    await using shown = await browser.show(html);
    const inside = await shown.page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
    assert.equal(inside, policy);
    for (const part of ["default-src 'none'", "base-uri 'none'", "form-action 'none'"])
      assert.ok(policy.includes(part));
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  });
});
