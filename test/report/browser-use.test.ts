import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { ReportData } from '../../src/report/data.ts';
import { pageOf } from '../../src/report/page.ts';
import { type Browser, chromiumMissing, type Looking, openBrowser, type Shown } from '../support/chromium.ts';
import { largeReport, smallReport } from './fixtures.ts';
import { unreachable } from './look.ts';

let browser: Browser;

async function look(data: ReportData = smallReport(), looking: Looking = {}): Promise<Shown> {
  const { html } = await pageOf(data);
  return await browser.show(html, looking);
}

const snapshot = (page: Page, number: number) => page.locator(`#timeline [data-snapshot="${number}"]`);
const chosen = (page: Page) => page.locator('#timeline [role="option"][aria-selected="true"]');
const compared = (page: Page) => page.locator('#diff .compared').innerText();
const rows = (page: Page) => page.locator('#diff tbody tr:visible');
const names = (page: Page) => page.locator('#diff tbody tr:visible > th').allInnerTexts();
const hash = (page: Page) => new URL(page.url()).hash;
const focused = (page: Page) => page.locator(':focus');

suite('in a report somebody can', { skip: chromiumMissing() }, () => {
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  test('choose two snapshots in the timeline with the mouse', async () => {
    await using shown = await look();
    const { page } = shown;
    assert.equal(await compared(page), 'Compared: snapshot 11 → snapshot 12');
    await snapshot(page, 10).click();
    assert.equal(await compared(page), 'Compared: snapshot 9 → snapshot 10');
    assert.deepEqual(await chosen(page).evaluateAll(all => all.map(one => one.dataset.snapshot)), ['9', '10']);
    assert.match(await page.locator('#diff').innerText(), /m\.sato/);
    await snapshot(page, 8).click({ modifiers: ['Shift'] });
    assert.equal(await compared(page), 'Compared: snapshot 8 → snapshot 10');
    assert.equal(hash(page), '#a=8&b=10');
    await shown.shoot('chosen-by-mouse');
  });

  test('choose them with the keyboard alone', async () => {
    await using shown = await look();
    const { page } = shown;
    await snapshot(page, 12).focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await focused(page).getAttribute('data-snapshot'), '10');
    await page.keyboard.press('Enter');
    assert.equal(await compared(page), 'Compared: snapshot 9 → snapshot 10');
    await page.keyboard.press('Home');
    assert.equal(await focused(page).getAttribute('data-snapshot'), '1');
    await page.keyboard.press('Shift+Enter');
    assert.equal(await compared(page), 'Compared: snapshot 1 → snapshot 10');
    await page.keyboard.press('End');
    await page.keyboard.press('Space');
    assert.equal(await compared(page), 'Compared: snapshot 11 → snapshot 12');
    await page.keyboard.press('Tab');
    assert.equal(await focused(page).getAttribute('data-snapshot'), null, 'the timeline is one stop for the Tab key');
  });

  test('choose them from two lists, also what is held, and nothing at all', async () => {
    await using shown = await look();
    const { page } = shown;
    const [from, to] = [page.locator('#pair select').first(), page.locator('#pair select').last()];
    await from.focus();
    await page.keyboard.press('ArrowDown');
    assert.equal(await compared(page), 'Compared: snapshot 10 → snapshot 12');
    await from.selectOption('12');
    await to.selectOption('held');
    assert.equal(await compared(page), 'Compared: snapshot 12 → the held candidate (hold 3)');
    assert.ok((await names(page)).includes('y.wang'));
    await to.selectOption('9');
    assert.equal(await compared(page), 'Compared: snapshot 9 → snapshot 12', 'the older comes first');
    await from.selectOption('0');
    assert.match(await compared(page), /Compared: nothing → /);
  });

  test('read how much changed, and what to run, where a file does not have the changes', async () => {
    await using shown = await look();
    const { page } = shown;
    await snapshot(page, 5).click();
    const text = await page.locator('#diff').innerText();
    assert.match(text, /people 0 added, 0 modified, 1 removed/);
    assert.match(text, /rosterd report 4 5/);
    await shown.shoot('not-in-the-file');
  });

  test('give somebody else the address of what they see', async () => {
    await using shown = await look();
    const { page } = shown;
    await page.locator('#diff').getByRole('button', { name: 'y.chen' }).first().click();
    await snapshot(page, 10).click();
    await page.reload();
    assert.equal(await compared(page), 'Compared: snapshot 9 → snapshot 10');
    assert.match(await page.locator('#person').innerText(), /07700 900126/);
    await page.evaluate("location.hash = '#a=999&b=<img>&person=__proto__'");
    await page.reload();
    assert.equal(await compared(page), 'Compared: snapshot 11 → snapshot 12');
  });

  for (const [typed, found] of [
    ['grace', ['g.whitfield']],
    ['ＧＲＡＣＥ', ['g.whitfield']],
    ['POHAN.YEH@', ['p.yeh']],
    ['森', ['h.mori', 'SALES-JP 営業部']],
    ['mkt-tw shen', ['y.shen', 'MKT-TW 行銷部']],
  ] as const) {
    test(`search the changes for ${typed}`, async () => {
      await using shown = await look();
      const { page } = shown;
      await page.locator('#diff').getByRole('searchbox').fill(typed);
      assert.deepEqual(await names(page), found);
    });
  }

  test('search for what is not there, and begin again', async () => {
    await using shown = await look();
    const { page } = shown;
    const all = await rows(page).count();
    await page.locator('#diff').getByRole('searchbox').pressSequentially('no such thing (');
    assert.equal(await rows(page).count(), 0);
    assert.match(await page.locator('#diff').innerText(), /Nothing matches/);
    await page.locator('#diff button[type="reset"]').click();
    await page.waitForFunction(`document.querySelectorAll('#diff tbody tr').length === ${all}`);
  });

  test('see only some kinds of changes, with the number of each', async () => {
    await using shown = await look();
    const { page } = shown;
    const kinds = page.locator('#diff fieldset.chips').first();
    assert.match(
      (await kinds.innerText()).replace(/\s+/g, ' '),
      /added 4 .*removed 4 .*renamed 1 .*came 6 .*went 5 .*quarantined 1/,
    );
    await kinds.getByRole('checkbox', { name: /renamed/ }).check();
    assert.deepEqual(await names(page), ['g.whitfield']);
    await kinds.getByRole('checkbox', { name: /removed/ }).focus();
    await page.keyboard.press('Space');
    assert.deepEqual(await names(page), ['c.lu', 'g.whitfield', 'm.hasegawa', 'o.thorne', 'GA-JP']);
  });

  test('see only what changed in a field, came from a source, or is of a department and those below it', async () => {
    await using shown = await look();
    const { page } = shown;
    const diff = page.locator('#diff');
    await diff.locator('details.filters summary').click();
    await diff.getByRole('checkbox', { name: /phone1/ }).check();
    assert.deepEqual(await names(page), ['p.yeh', 't.barlow', 'y.chen']);
    await diff.getByRole('checkbox', { name: /phone1/ }).uncheck();
    await diff.getByRole('checkbox', { name: /hr-tokyo/ }).check();
    assert.deepEqual((await names(page)).slice(0, 2), ['h.mori', 'm.hasegawa']);
    await diff.getByRole('checkbox', { name: /hr-tokyo/ }).uncheck();
    await diff.locator('details.filters select').selectOption('TPE');
    const found = await names(page);
    for (const name of ['y.chen', 'y.shen', 'c.lu', 'MKT-TW', 'SUP-TW']) assert.ok(found.includes(name), name);
    for (const name of ['b.lomax', 'g.whitfield', 'h.mori']) assert.ok(!found.includes(name), name);
    await shown.shoot('filters-open');
  });

  test("open somebody's history from the changes, by mouse and by keyboard, and by name", async () => {
    await using shown = await look();
    const { page } = shown;
    const person = page.locator('#person');
    await page.locator('#diff').getByRole('button', { name: 'y.chen' }).first().click();
    const text = await person.innerText();
    assert.match(text, /snapshot 12|12/i);
    assert.ok(text.indexOf('07700 900126') < text.indexOf('yating.chen@harbour.example'), 'newest first');
    await page.locator('#diff').getByRole('button', { name: 'g.whitfield' }).focus();
    await page.keyboard.press('Enter');
    assert.match(await person.innerText(), /Grace Hargreaves/);
    await person.getByRole('combobox').fill('c.lu');
    await page.keyboard.press('Enter');
    assert.match(await person.innerText(), /LOG-TW/);
    await person.getByRole('combobox').fill('nobody.of.that.name');
    await person.getByRole('button').first().click();
    assert.match(await person.innerText(), /rosterd person nobody\.of\.that\.name/);
    await shown.shoot('person');
  });

  test('look through the departments with the mouse', async () => {
    await using shown = await look();
    const { page } = shown;
    const chart = page.locator('#chart');
    const items = chart.getByRole('treeitem');
    const of = (code: string) => items.filter({ has: page.locator(`:scope > .branch:has-text("${code}")`) }).last();
    await chart.getByRole('button', { name: 'Close all' }).click();
    assert.equal(await items.count(), 1);
    await items.first().click();
    assert.equal(await items.count(), 4);
    await chart.getByRole('button', { name: 'Open all' }).click();
    assert.equal(await items.count(), 15);
    assert.match(await of('MKT-TW').innerText(), /3 in all\s*\+ added\s*\+3 came/);
    assert.match(await of('LOG-TW').innerText(), /-1 went\s*! lingers/);
    await chart.getByRole('checkbox').check();
    assert.equal(await of('DESIGN').count(), 0);
    assert.equal(await of('FIN').count(), 1);
    await chart.getByRole('searchbox').fill('研發');
    assert.deepEqual(await chart.locator('.branch .name').allInnerTexts(), [
      'Harbour & Lantern',
      '台北分公司',
      '研發部',
    ]);
    await shown.shoot('chart');
  });

  test('look through the departments with the keyboard alone, told where they are', async () => {
    await using shown = await look();
    const { page } = shown;
    const chart = page.locator('#chart');
    await chart.getByRole('button', { name: 'Close all' }).click();
    const at = async () => (await focused(page).locator('.branch').first().innerText()).split(/\s/)[0];
    const state = (name: string) => focused(page).getAttribute(`aria-${name}`);
    await page.keyboard.press('Tab');
    assert.equal(await at(), 'Harbour');
    assert.deepEqual([await state('expanded'), await state('level')], ['false', '1']);
    await page.keyboard.press('ArrowRight');
    assert.equal(await state('expanded'), 'true');
    await page.keyboard.press('ArrowRight');
    assert.equal(await at(), 'London');
    assert.deepEqual([await state('level'), await state('posinset'), await state('setsize')], ['2', '1', '3']);
    await page.keyboard.press('ArrowDown');
    assert.equal(await at(), '台北分公司');
    await page.keyboard.press('Enter');
    await page.keyboard.press('End');
    assert.equal(await at(), '東京支社');
    await page.keyboard.press('ArrowUp');
    assert.equal(await at(), '客戶支援部');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await at(), '台北分公司');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await state('expanded'), 'false');
    await page.keyboard.press('Home');
    await page.keyboard.press('t');
    assert.equal(await at(), '台北分公司', 'whose code begins with it');
  });

  test('open what a hold would change, and what OMFLOW would do', async () => {
    await using shown = await look();
    const { page } = shown;
    await page.locator('#hold-diff summary').first().click();
    await page.locator('#hold-diff').getByRole('searchbox').fill('y.wang');
    assert.match(await page.locator('#hold-diff').innerText(), /y\.wang[\s\S]*missing/);
    assert.match(await page.locator('#hold').innerText(), /rosterd approve 3 --reason/);
    await page.locator('#sync summary').first().focus();
    await page.keyboard.press('Enter');
    assert.match(await page.locator('#sync').innerText(), /t\.okada/);
    await shown.shoot('hold-and-sync');
  });

  test('choose the colours, whatever the system has', async () => {
    await using shown = await look();
    const { page } = shown;
    const button = page.locator('#theme button');
    const shade = () =>
      page.locator('body').evaluate(body => body.ownerDocument.defaultView.getComputedStyle(body).color);
    const seen = [await shade()];
    await button.click();
    seen.push(await shade());
    await button.focus();
    await page.keyboard.press('Enter');
    seen.push(await shade());
    await button.click();
    seen.push(await shade());
    const [auto, light, dark, again] = seen;
    assert.notEqual(light, dark);
    assert.equal(auto, again);
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.notEqual(await shade(), auto, 'auto follows the system');
  });

  test('get everywhere with the Tab key, and see where they are', async () => {
    await using shown = await look();
    assert.deepEqual(await unreachable(shown.page), []);
  });

  test('skip to the content, and go to a section', async () => {
    await using shown = await look();
    const { page } = shown;
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await focused(page).getAttribute('id'), 'main');
    const links = page.locator('nav a');
    for (const link of await links.all()) {
      const target = (await link.getAttribute('href')) ?? '';
      assert.equal(await page.locator(target).count(), 1, target);
    }
  });

  test('print it with everything that matters opened, and go on as before', async () => {
    await using shown = await look();
    const { page } = shown;
    const open = () => page.locator('details[open]').count();
    const before = await open();
    await page.emulateMedia({ media: 'print' });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    assert.ok((await open()) > before);
    assert.ok(await page.locator('#hold-diff tbody tr').first().isVisible());
    assert.equal(await page.locator('#chart [role="treeitem"]').count(), 15);
    for (const control of ['#theme', '#pair', '#diff form', '#chart form', '#person form', 'nav'])
      assert.equal(await page.locator(control).first().isVisible(), false, `${control} is on paper`);
    await shown.shoot('print');
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    await page.emulateMedia({ media: 'screen' });
    assert.equal(await open(), before);
    assert.equal(await page.locator('#chart [role="treeitem"]').count(), 14);
    assert.ok((await page.pdf()).length > 10_000);
  });

  test('read it without scripts, but for what needs them', async () => {
    const { html } = await pageOf(smallReport());
    await using shown = await browser.show(html, { withoutScripts: true });
    for (const part of ['#standing', '#hold', '#timeline svg', '#sources', '#problems', '#renamed', 'noscript p'])
      assert.ok(await shown.page.locator(part).first().isVisible(), part);
  });
});

suite('the largest report', { skip: chromiumMissing() }, () => {
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  test('opens in time, is small enough to send, and shows long lists in steps', async t => {
    const { html } = await pageOf(largeReport());
    assert.ok(Buffer.byteLength(html) < 15 * 1024 * 1024, `${Buffer.byteLength(html)} bytes`);
    await using shown = await browser.show(html);
    const { page } = shown;
    const { wall, busy } = await opening(page);
    const size = (Buffer.byteLength(html) / 1024 / 1024).toFixed(1);
    t.diagnostic(`${size} MiB; first row after ${wall.toFixed(1)} s, of which the page worked ${busy.toFixed(1)} s`);
    assert.ok(busy < 10, `the page worked ${busy} s`);
    const people = page.locator('#diff div.changes').first();
    assert.equal(await people.locator('tbody tr').count(), 200);
    await people.locator('button.more').click();
    assert.equal(await people.locator('tbody tr').count(), 400);
    assert.match(await page.locator('#diff').innerText(), /2,500 more changes/);
    await page.locator('#diff').getByRole('searchbox').fill('employee.004999');
    assert.ok((await names(page)).includes('employee.004999'));
    await page.locator('#chart').getByRole('searchbox').fill('D-4321');
    assert.ok((await page.locator('#chart .branch').count()) < 10);
    await shown.shoot('large', false);
  });
});

/** Seconds until the first row of a page that is opened again is seen, and those that its thread had a processor for. */
async function opening(page: Page): Promise<{ readonly wall: number; readonly busy: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const started = performance.now();
  await page.reload();
  await rows(page).first().waitFor();
  const wall = (performance.now() - started) / 1000;
  const { metrics } = await session.send('Performance.getMetrics');
  // Other work on the machine makes a page late, but not busy.
  const busy = metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
  return { wall, busy };
}
