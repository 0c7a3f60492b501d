import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type Browser, chromiumMissing, openBrowser } from '../support/chromium.ts';

/** What a page does, and what is said of it. */
const DEEDS: Readonly<Record<string, readonly [script: string, said: RegExp]>> = {
  'asks another host': [
    'fetch("https://elsewhere.example/").catch(() => {})',
    /^request: https:\/\/elsewhere\.example\//m,
  ],
  'loads a picture': [
    'new Image().src = "https://elsewhere.example/x.png"',
    /^request: https:\/\/elsewhere\.example\/x\.png/m,
  ],
  'opens a dialog': ['alert("hello")', /^dialog: alert hello/m],
  'writes an error': ['console.error("what now")', /^console: what now/m],
  'throws an error': ['throw new TypeError("no such thing")', /^error: TypeError: no such thing/m],
  'drops a promise': ['Promise.reject(new Error("nobody caught it"))', /^error: Error: nobody caught it/m],
  'breaks its policy': ['document.body.style = "x"; setTimeout("1")', /^console: .*Content Security Policy/m],
};

const page = (script: string, policy: string) =>
  `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><title>t</title><body><script>${script}</script>`;

suite('a browser under watch', { skip: chromiumMissing() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  for (const [deed, [script, said]] of Object.entries(DEEDS)) {
    test(`tells of a page that ${deed}`, async () => {
      const policy = deed.includes('policy') ? "script-src 'unsafe-inline'" : '';
      const shown = await browser.show(page(script, policy));
      await shown.page.waitForTimeout(50);
      await assert.rejects(async () => await shown[Symbol.asyncDispose](), { message: said });
    });
  }

  test('says nothing of one that does none of that', async () => {
    await using shown = await browser.show(page('document.title = "done"', ''));
    assert.equal(await shown.page.title(), 'done');
    assert.deepEqual([shown.troubles, shown.requests], [[], []]);
  });
});
