import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BrowserContext, chromium, type Page, type Browser as Playwright } from 'playwright-core';
import { atExit } from './at-exit.ts';
import { temporaryFolder } from './folder.ts';

/** Whether the page is looked at in each of its states, and not only in some: `npm run pages`. */
export const EVERY_STATE = process.env['ROSTERD_TEST_PAGES'] === 'all';

/** Where Debian puts it. Nothing here ever fetches another. */
const PROGRAM = '/usr/bin/chromium';

/** Milliseconds until a browser, a page or what a test waits for in it is given up. */
const PATIENCE = 30_000;

/** Why no browser can be had here; false where one can. */
export function chromiumMissing(): string | false {
  return !existsSync(PROGRAM) && 'the package chromium is not installed';
}

/** How somebody looks at a page. */
export interface Looking {
  readonly theme?: 'light' | 'dark';
  /** Of the window, in CSS pixels. */
  readonly width?: number;
  readonly height?: number;
  /** Of the browser itself, not of the page. */
  readonly language?: string;
  /** Lets a test put scripts of its own into the page, such as axe; never where the policy itself is tested. */
  readonly withoutPolicy?: boolean;
  readonly withoutScripts?: boolean;
  /** For Basic auth. */
  readonly login?: { readonly username: string; readonly password: string };
}

/**
 * A page that somebody looks at. Whatever it should never do is kept: to ask for anything that is not of its own origin, to
 * open a dialog or another window, to write an error into the console, to throw one, to break its policy. Disposing of it
 * throws all of that.
 */
export interface Shown extends AsyncDisposable {
  readonly page: Page;
  /** What it did so far that it should not. */
  readonly troubles: readonly string[];
  /** What it asked its server for, without itself. */
  readonly requests: readonly string[];
  /** Takes the troubles out that a test wants to see, and gives them. */
  forgive(these: RegExp): readonly string[];
  /** Into the folder that ROSTERD_TEST_SHOTS names, of the whole page, for people to look at; without it nothing is done. */
  shoot(name: string, full?: boolean): Promise<void>;
}

/** A browser without a window; disposing of it ends it. One for each file of tests is enough. */
export interface Browser extends AsyncDisposable {
  /** Opens an `http:` or `file:` address. */
  open(address: string, looking?: Looking): Promise<Shown>;
  /** Opens a page from a file of its own, as somebody does who got it by mail. */
  show(html: string, looking?: Looking): Promise<Shown>;
}

/** Where {@link chromiumMissing} gives a reason, it fails. */
export async function openBrowser(): Promise<Browser> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await temporaryFolder());
  const browser = starting.adopt(await launch(), it => it.close());
  // Playwright itself kills the browser when this process exits; this turns a signal into an exit.
  starting.use(atExit(() => {}));
  const owned = starting.move();
  let files = 0;
  const open = (address: string, looking: Looking = {}) => opened(browser, address, looking);
  return {
    open,
    async show(html, looking) {
      files += 1;
      const file = join(folder.path, `report-${files}.html`);
      await writeFile(file, html);
      return open(`${pathToFileURL(file)}`, looking);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function launch(): Promise<Playwright> {
  return await chromium.launch({
    executablePath: PROGRAM,
    // Root may not have the sandbox, and containers often cannot.
    args: ['--no-sandbox'],
    timeout: PATIENCE,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}

async function opened(browser: Playwright, address: string, looking: Looking): Promise<Shown> {
  await using starting = new AsyncDisposableStack();
  const context = starting.adopt(await browser.newContext(contextOptions(looking)), it => it.close());
  context.setDefaultTimeout(PATIENCE);
  const troubles: string[] = [];
  const requests: string[] = [];
  await keepInside(context, address, troubles, requests);
  const page = await context.newPage();
  watch(context, page, troubles);
  await page.goto(address, { waitUntil: 'load' });
  const owned = starting.move();
  return {
    page,
    troubles,
    requests,
    forgive: these => forgive(troubles, these),
    shoot: (name, full = true) => shoot(page, name, full),
    async [Symbol.asyncDispose]() {
      await owned.disposeAsync();
      if (troubles.length > 0) throw new Error(`the page did what it must not:\n${troubles.join('\n')}`);
    },
  };
}

const contextOptions = (looking: Looking) => ({
  colorScheme: looking.theme ?? 'light',
  viewport: { width: looking.width ?? 1280, height: looking.height ?? 900 },
  locale: looking.language ?? 'en-GB',
  timezoneId: 'UTC',
  bypassCSP: looking.withoutPolicy ?? false,
  javaScriptEnabled: !looking.withoutScripts,
  ...(looking.login && { httpCredentials: looking.login }),
});

/** Lets only the page itself pass, and what it asks its own server for. */
async function keepInside(
  context: BrowserContext,
  address: string,
  troubles: string[],
  requests: string[],
): Promise<void> {
  const own = new URL(address);
  await context.route('**/*', route => {
    const url = route.request().url();
    const { protocol, host, pathname } = new URL(url);
    const itself = pathname === own.pathname && protocol === own.protocol && host === own.host;
    if (itself) return route.continue();
    const isOwn = protocol === 'http:' && own.protocol === 'http:' && host === own.host;
    if (isOwn) requests.push(url);
    else troubles.push(`request: ${url.slice(0, 200)}`);
    return isOwn ? route.continue() : route.abort();
  });
}

function watch(context: BrowserContext, page: Page, troubles: string[]): void {
  page.on('dialog', dialog => {
    troubles.push(`dialog: ${dialog.type()} ${dialog.message().slice(0, 200)}`);
    // Without an answer the page would stand still for ever; it may be closed already.
    dialog.dismiss().catch(() => {});
  });
  page.on('pageerror', error => troubles.push(`error: ${error.stack ?? error.message}`));
  page.on('console', message => {
    if (message.type() === 'error') troubles.push(`console: ${message.text().slice(0, 1000)}`);
  });
  page.on('crash', () => troubles.push('the page crashed'));
  context.on('page', other => {
    if (other !== page) troubles.push(`window: ${other.url().slice(0, 200)}`);
  });
}

function forgive(troubles: string[], these: RegExp): readonly string[] {
  const forgiven = troubles.filter(trouble => these.test(trouble));
  const rest = troubles.filter(trouble => !these.test(trouble));
  troubles.splice(0, troubles.length, ...rest);
  return forgiven;
}

async function shoot(page: Page, name: string, full: boolean): Promise<void> {
  const folder = process.env['ROSTERD_TEST_SHOTS'];
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, fullPage: full, animations: 'disabled', timeout: PATIENCE });
  console.log(`screenshot: ${path}`);
}
