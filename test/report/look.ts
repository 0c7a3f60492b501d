import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

/** What a program for accessibility finds wrong with a page as it is now, one a line; needs a page without its policy. */
export async function findings(page: Page): Promise<readonly string[]> {
  // Its functions are only called in the page.
  await page.evaluate(axeSource());
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { readonly axe: Axe };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.slice(0, 3).map(({ target, failureSummary }) => `${id}: ${help}: ${target}: ${failureSummary}`),
    );
  });
}

interface Axe {
  run(): Promise<{
    readonly violations: readonly {
      readonly id: string;
      readonly help: string;
      readonly nodes: readonly { readonly target: unknown; readonly failureSummary: string }[];
    }[];
  }>;
}

let source: string | undefined;
function axeSource(): string {
  source ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return source;
}

/** By how many pixels a page is wider than its window; 0 where nothing is cut off. */
export const overflow = (page: Page): Promise<number> =>
  page.locator(':root').evaluate(root => Math.max(0, root.scrollWidth - root.clientWidth));

/** What shows something else than it is, or nothing at all, when it stands in a text. */
const HIDDEN =
  '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u2067\\u206a-\\u206f\\ufeff]';
const LOADING =
  'img, iframe, object, embed, link, base, video, audio, source, image, use, foreignObject, frame, portal';

/**
 * Everything in a page that the text of somebody else could have put there: handlers, scripts, addresses, elements that load
 * something, and characters that do not show what they are. Empty for a page that is safe.
 */
export const intruders = (page: Page): Promise<readonly string[]> =>
  page.locator(':root').evaluate(
    (root, [characters, loading]) => {
      const hidden = new RegExp(characters);
      const found = new Set<string>();
      for (const one of root.querySelectorAll(loading)) found.add(`element ${one.outerHTML.slice(0, 100)}`);
      const scripts = root.querySelectorAll('script:not([type="application/json"])').length;
      if (scripts !== 1) found.add(`${scripts} scripts`);
      for (const one of root.querySelectorAll('*')) {
        for (const { name, value } of one.attributes) {
          const said = `${one.localName} ${name}=${value.slice(0, 80)}`;
          if (/^on|^srcdoc$|^formaction$/.test(name)) found.add(`attribute: ${said}`);
          if (/^(xlink:)?href$|^src$|^action$/.test(name) && !value.startsWith('#')) found.add(`address: ${said}`);
          if (name !== 'value' && hidden.test(value)) found.add(`hidden character: ${said}`);
        }
      }
      const texts = root.ownerDocument.createTreeWalker(root, 4);
      for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        const parent = node.parentElement;
        const isText = !parent.closest('script, style');
        if (isText && hidden.test(node.nodeValue)) found.add(`hidden character: ${parent.outerHTML.slice(0, 100)}`);
      }
      return [...found].slice(0, 20);
    },
    [HIDDEN, LOADING] as const,
  );

/** Opens whatever can be opened in a page, so that all of it is there to be looked at. */
export async function unfold(page: Page): Promise<void> {
  const closed = page.locator('details:not([open])');
  // What is opened may bring more that can be, but not for ever.
  for (let round = 0; round < 5 && (await closed.count()) > 0; round++) {
    await closed.evaluateAll(all => {
      for (const one of all) one.open = true;
    });
    // They are filled when they tell that they are open, which is a moment later.
    await page.evaluate(() => new Promise(resolve => setTimeout(resolve, 20)));
  }
  const folded = page.locator('#chart [role="treeitem"][aria-expanded="false"]');
  if ((await folded.count()) > 0) await page.locator('#chart button').first().click();
}

/**
 * Goes through a page with the Tab key alone, once. Gives what can be used and was never reached, and what does not show that
 * it has the focus.
 */
export async function unreachable(page: Page): Promise<readonly string[]> {
  const troubles = new Set<string>();
  for (let presses = 0; presses < 400; presses++) {
    await page.keyboard.press('Tab');
    const said = await page.locator('body').evaluate(body => {
      const one = body.ownerDocument.activeElement;
      if (one === body || one.dataset.reached) return 'end';
      one.dataset.reached = 'yes';
      const view = body.ownerDocument.defaultView;
      const marks = [one, ...one.querySelectorAll(':scope > *')].map(mark => view.getComputedStyle(mark));
      // Shapes have no outlines, but strokes.
      const isMarked = marks.some(
        style =>
          style.outlineStyle !== 'none' || style.boxShadow !== 'none' || Number.parseFloat(style.strokeWidth) > 2,
      );
      return isMarked ? '' : `no focus is seen: ${one.outerHTML.slice(0, 100)}`;
    });
    if (said === 'end') break;
    if (said) troubles.add(said);
  }
  const left = await page
    .locator('a[href]:visible, button:visible, input:visible, select:visible, summary:visible, [tabindex="0"]:visible')
    .evaluateAll(all =>
      all.filter(one => !one.dataset.reached).map(one => `not reached: ${one.outerHTML.slice(0, 100)}`),
    );
  return [...troubles, ...left];
}
