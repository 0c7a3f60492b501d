import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { ReportData } from '../../src/report/data.ts';
import { pageOf } from '../../src/report/page.ts';
import { type Browser, chromiumMissing, EVERY_STATE, openBrowser } from '../support/chromium.ts';
import { calmReport, emptyReport, smallReport } from './fixtures.ts';
import { findings, overflow, unfold } from './look.ts';

const ALL = {
  languages: ['en', 'zh-TW', 'ja'],
  looks: [
    { theme: 'light', width: 1280 },
    { theme: 'dark', width: 360 },
    { theme: 'dark', width: 1280 },
    { theme: 'light', width: 360 },
  ],
} as const;
const LANGUAGES = EVERY_STATE ? ALL.languages : ALL.languages.slice(1);
const LOOKS = EVERY_STATE ? ALL.looks : ALL.looks.slice(0, 2);
const WIDTHS = EVERY_STATE ? [360, 1280] : [360];

const REPORTS: Readonly<Record<string, () => ReportData>> = {
  'a hold that waits': smallReport,
  'nothing to do': calmReport,
  'no snapshot': emptyReport,
};

suite('a report for everybody', { skip: chromiumMissing() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  for (const [what, report] of Object.entries(REPORTS)) {
    for (const { theme, width } of LOOKS) {
      test(`of ${what}, ${theme}, ${width} pixels wide, can be used and fits`, async () => {
        const { html } = await pageOf(report());
        await using shown = await browser.show(html, { theme, width, withoutPolicy: true });
        const name = `${what.replaceAll(' ', '-')}-${theme}-${width}`;
        await shown.shoot(name);
        assert.deepEqual(await findings(shown.page), []);
        assert.equal(await overflow(shown.page), 0);
        await unfold(shown.page);
        await shown.shoot(`${name}-open`);
        assert.deepEqual(await findings(shown.page), []);
        assert.equal(await overflow(shown.page), 0);
      });
    }
  }

  for (const language of LANGUAGES) {
    test(`in ${language} says it in its words, and fits`, async () => {
      const { html } = await pageOf({ ...smallReport(), language });
      for (const width of WIDTHS) {
        await using shown = await browser.show(html, { width, withoutPolicy: true });
        await shown.shoot(`language-${language}-${width}`);
        assert.equal(await shown.page.locator(':root').getAttribute('lang'), language);
        assert.equal(await overflow(shown.page), 0);
        assert.deepEqual(await findings(shown.page), []);
      }
    });
  }
});
