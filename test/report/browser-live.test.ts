import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type Browser, chromiumMissing, openBrowser } from '../support/chromium.ts';
import { HOSTILE, hostileReport, smallReport } from './fixtures.ts';
import { LOGIN, type Mood, startLive } from './live.ts';

const snapshot = (page: Page, number: number) => page.locator(`#timeline [data-snapshot="${number}"]`);
const told = (page: Page, place: string, text: RegExp) => page.locator(place).filter({ hasText: text }).waitFor();

/** What is said when a server does not give what it is asked for. */
const REFUSALS: Readonly<Record<Exclude<Mood, 'well' | 'silent'>, RegExp>> = {
  unauthorized: /could not be fetched: the server does not know you any more/,
  broken: /could not be fetched: the server answered with 500/,
  nonsense: /could not be fetched: the answer cannot be read/,
};

suite('a report that a daemon serves', { skip: chromiumMissing() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  test('is shown to whoever logs in, under the policy of its header', async () => {
    await using live = await startLive(smallReport({ live: true }));
    await using shown = await browser.open(live.address, { login: LOGIN });
    assert.match(await shown.page.locator('#standing').innerText(), /Held since/);
    assert.deepEqual(live.asked, []);
  });

  test('fetches the changes that are not in the page, with the login of the page', async () => {
    await using live = await startLive(smallReport({ live: true }));
    await using shown = await browser.open(live.address, { login: LOGIN });
    const { page } = shown;
    await snapshot(page, 5).click();
    await told(page, '#diff', /e\.ashworth/);
    assert.deepEqual(live.asked, ['/report/diff.json?a=4&b=5']);
    await snapshot(page, 12).click();
    await told(page, '#diff', /y\.shen/);
    assert.equal(live.asked.length, 1, 'what is in the page is not asked for');
  });

  test('fetches histories that are not in the page, and says when there is none', async () => {
    const { 'y.chen': _, ...histories } = smallReport().histories;
    await using live = await startLive(smallReport({ live: true }));
    await using fewer = await startLive(smallReport({ live: true, histories }));
    await using shown = await browser.open(fewer.address, { login: LOGIN });
    const { page } = shown;
    await page.locator('#diff').getByRole('button', { name: 'y.chen' }).first().click();
    await told(page, '#person', /Nobody was ever known/);
    assert.deepEqual(fewer.asked, ['/report/person.json?name=y.chen']);
    shown.forgive(/console: Failed to load resource.* 404/);
    await using whole = await browser.open(live.address, { login: LOGIN });
    await whole.page.locator('#person').getByRole('combobox').fill('a&b=c ü');
    await whole.page.keyboard.press('Enter');
    await told(whole.page, '#person', /Nobody was ever known/);
    assert.deepEqual(
      live.asked,
      ['/report/person.json?name=a%26b%3Dc%20%C3%BC'],
      'the name is a name, whatever is in it',
    );
    whole.forgive(/console: Failed to load resource.* 404/);
  });

  for (const [mood, text] of Object.entries(REFUSALS)) {
    test(`says in words that its server is ${mood}, and tries again when told to`, async () => {
      await using live = await startLive(smallReport({ live: true }));
      await using shown = await browser.open(live.address, { login: LOGIN });
      const { page } = shown;
      live.mood = mood as Mood;
      await snapshot(page, 5).click();
      await told(page, '#diff [role="alert"]', text);
      await page.locator('#person').getByRole('combobox').fill('m.tsai');
      await page.keyboard.press('Enter');
      await told(page, '#person [role="alert"]', text);
      await shown.shoot(`server-${mood}`);
      shown.forgive(/console: Failed to load resource/);
      live.mood = 'well';
      await page.locator('#diff').getByRole('button', { name: 'Try again' }).click();
      await told(page, '#diff', /e\.ashworth/);
    });
  }

  test('says that its server is away', async () => {
    const live = await startLive(smallReport({ live: true }));
    await using shown = await browser.open(live.address, { login: LOGIN });
    await live[Symbol.asyncDispose]();
    await snapshot(shown.page, 5).click();
    await told(shown.page, '#diff [role="alert"]', /the server does not answer/);
    shown.forgive(/console: Failed to load resource/);
  });

  test('says that it waits, and gives up at once what is not wanted any more', async () => {
    await using live = await startLive(smallReport({ live: true }));
    await using shown = await browser.open(live.address, { login: LOGIN });
    const { page } = shown;
    live.mood = 'silent';
    await snapshot(page, 5).click();
    await told(page, '#diff [role="status"]', /Fetching/);
    live.mood = 'well';
    await snapshot(page, 4).click();
    await told(page, '#diff', /m\.hasegawa/);
    assert.deepEqual(live.asked, ['/report/diff.json?a=4&b=5', '/report/diff.json?a=3&b=4']);
  });

  test('waits for half a minute and no longer', async () => {
    await using live = await startLive(smallReport({ live: true }));
    await using shown = await browser.open(live.address, { login: LOGIN });
    const { page } = shown;
    await page.clock.install();
    live.mood = 'silent';
    await snapshot(page, 5).click();
    await page.clock.fastForward(29_000);
    await told(page, '#diff [role="status"]', /Fetching/);
    await page.clock.fastForward(2_000);
    await told(page, '#diff [role="alert"]', /the server has not answered within 30 seconds/);
  });

  test('shows hostile texts as what they are, also those that it fetched', async () => {
    await using live = await startLive(hostileReport('image', { live: true }));
    await using shown = await browser.open(live.address, { login: LOGIN, withoutPolicy: true });
    await shown.page.locator('#person').getByRole('combobox').fill(HOSTILE.script);
    await shown.page.keyboard.press('Enter');
    await told(shown.page, '#person', /Nobody was ever known/);
    assert.match(await shown.page.locator('#person').innerText(), /<\/script><script>alert\(1\)<\/script>/);
    shown.forgive(/console: Failed to load resource.* 404/);
  });
});
