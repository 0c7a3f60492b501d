import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { suite, test } from 'node:test';
import type { ProblemData, ReportData } from '../../src/report/data.ts';
import { pageOf } from '../../src/report/page.ts';
import { calmReport, diffBetween, emptyReport, HOSTILE, type Hostile, hostileReport, smallReport } from './fixtures.ts';

const pageText = async (data: ReportData) => (await pageOf(data)).html;

/** What an element has in it, by its id; elements of its own kind within it do not count as its end. */
function element(page: string, id: string): string {
  const start = page.search(new RegExp(`<\\w+ id="${id}"`));
  assert(start >= 0, `there is no #${id}`);
  const [, name = ''] = page.slice(start).match(/^<(\w+)/) ?? [];
  let depth = 0;
  for (const { 0: tag, index } of page.slice(start).matchAll(new RegExp(`<(/?)${name}\\b`, 'g'))) {
    depth += tag.startsWith('</') ? -1 : 1;
    if (depth === 0) return page.slice(start, start + index);
  }
  throw new Error(`#${id} does not end`);
}

/** What is read in it, a line for each element that is one. */
const read = (page: string, id: string): string =>
  element(page, id)
    .replace(/\s+/g, ' ')
    .replace(/<\/(p|h3|li|tr|dd|pre|div|summary|caption)>/g, '\n')
    .replace(/<\/?(time|bdi|code)\b[^>]*>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/ +/g, ' ')
    .replace(/&quot;|&lt;|&gt;/g, entity => ({ '&quot;': '"', '&lt;': '<' })[entity] ?? '>')
    .replace(/^ | $/gm, '')
    .replace(/\n{2,}/g, '\n')
    .trim();

const inline = (page: string, name: string): string =>
  page.match(new RegExp(`<${name}>([\\s\\S]*?)</${name.split(' ')[0]}>`))?.[1] ?? '';

suite('a page', () => {
  test('is the same for the same data, and stands by itself', async () => {
    const page = await pageText(smallReport());
    assert.equal(await pageText(smallReport()), page);
    assert.match(
      page,
      /^<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="generator" content="rosterd">/,
    );
    assert.doesNotMatch(
      page.replace(inline(page, 'script type="module"'), ''),
      /\s(src|srcset|action)="|href="[^#]|url\(|@import/,
    );
    assert.equal(page.match(/<script(?! type="application\/json")/g)?.length, 1);
  });

  test('says what may run in it, by what it is', async () => {
    for (const [live, from] of [
      [false, "'none'"],
      [true, "'self'"],
    ] as const) {
      const { html, policy } = await pageOf(smallReport({ live }));
      const sha = (text: string) => `'sha256-${hash('sha256', text, 'base64')}'`;
      assert.equal(
        policy,
        `default-src 'none'; script-src ${sha(inline(html, 'script type="module"'))}; style-src ${sha(inline(html, 'style'))}; img-src data:; connect-src ${from}; base-uri 'none'; form-action 'none'`,
      );
      assert(html.includes(`<meta http-equiv="Content-Security-Policy" content="${policy.replaceAll("'", '&#39;')}">`));
    }
  });

  test('needs no style of a single element, and no handler', async () => {
    const page = await pageText(smallReport());
    const markup = page.replace(/<(script|style)\b[\s\S]*?<\/\1>/g, '');
    assert.doesNotMatch(markup, /<[^>]* (style|on\w+)=/);
  });

  test('carries its data and its words', async () => {
    const data = smallReport({ language: 'ja' });
    const page = await pageText(data);
    const json = (id: string) => JSON.parse(page.match(new RegExp(`id="${id}">(.*?)</script>`))?.[1] ?? '');
    assert.deepEqual(json('data'), JSON.parse(JSON.stringify(data)));
    assert.equal(json('words').theme.dark, 'ダーク');
  });

  test('has a place for each part, once, and a way to it', async () => {
    const page = await pageText(smallReport());
    const ids = [...page.matchAll(/ id="([\w-]+)"/g)].map(([, id]) => id);
    assert.deepEqual(ids, [...new Set(ids)]);
    for (const id of [
      'timeline',
      'pair',
      'diff',
      'sync',
      'hold',
      'hold-diff',
      'chart',
      'person',
      'standing',
      'problems',
      'renamed',
      'sources',
      'theme',
      'data',
      'words',
    ])
      assert(ids.includes(id), id);
    for (const [, target] of page.matchAll(/href="#([\w-]+)"/g)) assert(ids.includes(target), target);
  });

  test('is called after the two that it compares, in the language of the report', async () => {
    const title = async (changes: Partial<ReportData>) => inline(await pageText(smallReport(changes)), 'title');
    const [chosen] = smallReport().diffs;
    assert(chosen);
    assert.equal(await title({}), 'rosterd report – snapshot 11 → 12');
    assert.equal(await title({ language: 'zh-TW' }), 'rosterd 報告 – 快照 11 → 12');
    assert.equal(await title({ language: 'ja' }), 'rosterd レポート – スナップショット 11 → 12');
    assert.equal(
      await title({ diffs: [{ ...chosen, after: 'held' }] }),
      'rosterd report – snapshot 11 → held candidate',
    );
    assert.equal(await title({ diffs: [{ ...chosen, before: 0, after: 'held' }] }), 'rosterd report – held candidate');
    assert.equal(await title({ diffs: [diffBetween(0, 1)] }), 'rosterd report – snapshot 1');
    assert.equal(inline(await pageText(emptyReport()), 'title'), 'rosterd report – no snapshot');
  });

  test('tells times in the zone of the report, as its language writes them', async () => {
    const made = async (changes: Partial<ReportData>) =>
      (await pageText(smallReport(changes))).match(/<time datetime="2025-11-21T09:30:00.000Z">([^<]*)</)?.[1];
    assert.equal(await made({}), '21 Nov 2025, 17:30');
    assert.equal(await made({ zone: 'America/New_York' }), '21 Nov 2025, 04:30');
    assert.equal(await made({ language: 'ja' }), '2025/11/21 17:30');
    assert.match((await made({ language: 'zh-TW' })) ?? '', /^2025\/11\/21\s17:30$/);
  });

  for (const which of Object.keys(HOSTILE) as Hostile[]) {
    test(`is none of what somebody calls themselves: ${which}`, async () => {
      const page = await pageText(hostileReport(which));
      assert.equal(page.isWellFormed(), true);
      const markup = page.replace(/<(script|style)\b[\s\S]*?<\/\1>/g, '');
      assert.doesNotMatch(
        markup,
        /<(img|script|base|textarea|iframe)\b|<svg(?! class=")|<!--|\son\w+="|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202e\u2066-\u2069\u2028\u2029\ufeff]/i,
      );
      assert.equal(page.match(/<\/style>/g)?.length, 1);
      assert.equal(page.match(/<\/script>/g)?.length, 3);
    });
  }
});

suite('how things stand', () => {
  const standing = async (changes: Partial<ReportData['standing']>, more: Partial<ReportData> = {}) => {
    const calm = calmReport();
    return read(await pageText({ ...calm, standing: { ...calm.standing, ...changes }, ...more }), 'standing');
  };
  const failing = { since: '2025-11-20T20:00:00.000Z', why: 'source hr: <refused>' };

  test('when all is well', async () => {
    const text = await standing({});
    assert.match(text, /^✓ Snapshot 12 is served\. The sources last confirmed it at .*2025, \d\d:\d\d\.\n/);
    assert.match(text, /\nNewest snapshot 12 21 Nov 2025, 02:00 31 people · 15 departments · 34 memberships\n/);
    assert.match(text, /\nDelivered snapshot 12 21 Nov 2025, 02:10 to omflow$/);
    assert.doesNotMatch(text, /rosterd check|!/);
  });

  test('when runs fail, or a source cannot be read', async () => {
    assert.match(
      await standing({ failing }),
      /^! Snapshot 12 is served, but runs have failed since 21 Nov 2025, 04:00\.\nReason: source hr: <refused>\n.*\nrosterd check rosterd pull\n/,
    );
    const sources = calmReport().sources.map((one, at) => ({ ...one, failing: at < 2, why: 'gone' }));
    assert.match(
      await standing({}, { sources }),
      /^! Snapshot 12 is served, but sources hr, hr-tokyo cannot be read\.\nReason: gone\n.*\nrosterd check rosterd pull\n/,
    );
  });

  test('when nothing is published', async () => {
    const nothing = { troubles: ['unpublished'], newest: undefined, served: undefined, confirmed: undefined } as const;
    const text = await standing({ ...nothing, delivered: undefined, failing }, { snapshots: [] });
    assert.match(
      text,
      /^! Nothing has been published yet\.\nReason: source hr: <refused>\n.*\nrosterd check rosterd pull\n/,
    );
    assert.match(text, /\nDelivered not yet$/);
  });

  test('when it is pinned', async () => {
    const pinned = { snapshot: 9, at: '2025-11-20T01:00:00.000Z' };
    const text = await standing({ troubles: ['pinned'], pinned, served: 9 });
    assert.match(
      text,
      /^! Pinned since 20 Nov 2025, 09:00: snapshot 9 is served, whatever runs publish\.\n.*\nrosterd unpin\n/,
    );
    assert.match(text, /\nServed snapshot 9 pinned at 20 Nov 2025, 09:00\nWaiting snapshot 12 rosterd diff 9 12\n/);
  });

  test('when it is held, with a snapshot and without', async () => {
    const { hold } = smallReport();
    assert.match(
      await standing({ troubles: ['held'] }, { hold }),
      /^! Held since 21 Nov 2025, 03:00: snapshot 12 stays the newest until hold 3 is settled\.\n.*\nrosterd review 3\n/,
    );
    const first = await standing({ troubles: ['unpublished', 'held'], newest: undefined, failing }, { hold });
    assert.match(
      first,
      /^! Nothing has been published yet\.\n! Held since .*: nothing is published until hold 3 is settled\./,
    );
  });

  test('when it is stale', async () => {
    assert.match(
      await standing({ troubles: ['stale'], failing }),
      /^! Stale: no run has succeeded since 21 Nov 2025, 04:00\.\nReason: source hr: <refused>\n.*\nrosterd check rosterd pull\n/,
    );
    assert.match(
      await standing({ troubles: ['stale'], failing: undefined }),
      /^! Stale: no run has succeeded for too long\.\n/,
    );
  });

  test('when a delivery was broken off', async () => {
    const delivered = { snapshot: 11, client: 'omflow', at: '2025-11-20T01:00:00.000Z', finished: false };
    assert.match(await standing({ delivered }), /Delivered snapshot 11 20 Nov 2025, 09:00 to omflow broken off$/);
  });
});

suite('a hold', () => {
  const { hold } = smallReport();
  assert(hold);
  const shown = async (changes: Partial<typeof hold>, standing: Partial<ReportData['standing']> = {}) => {
    const data = smallReport({ hold: { ...hold, ...changes } });
    return read(await pageText({ ...data, standing: { ...data.standing, ...standing } }), 'hold');
  };

  test('says why it waits, what it would change, and which commands decide', async () => {
    const text = await shown({});
    assert.match(text, /^Hold 3 has waited since 21 Nov 2025, 03:00\.\n! It passes 2 limits:\n/);
    assert.match(text, /\nsource_rows source hr gives 19 rows/);
    assert.match(text, /\nPeople \+0 ~1 -8 R 0\nDepartments \+0 ~0 -1\nMemberships \+0 -8\n/);
    assert.match(text, /\nIf that is wrong, put the source right/);
    assert.match(text, /\nrosterd review 3\n.*\nrosterd approve 3 --reason "why it is right"\n/);
    assert.match(text, /\nUntil it is settled snapshot 12 stays the newest\. .* sync\.on_hold\.$/);
  });

  test('without people cannot be approved', async () => {
    const text = await shown({ approvable: false });
    assert.match(text, /cannot be approved: a roster without people is never published\./);
    assert.doesNotMatch(text, /rosterd approve|If it is meant/);
  });

  test('of a first roster is not called wrong, and there is nothing to give meanwhile', async () => {
    const findings = [{ guard: 'first', text: 'it is the first' }];
    const text = await shown({ findings }, { served: undefined, newest: undefined });
    assert.match(text, /It passes 1 limit:/);
    assert.doesNotMatch(text, /If that is wrong/);
    assert.match(text, /there is nothing that OMFLOW could be given\.$/);
  });

  test('changes nothing while an older snapshot is pinned', async () => {
    const pinned = { snapshot: 9, at: '2025-11-20T01:00:00.000Z' };
    assert.match(await shown({}, { pinned, served: 9 }), /OMFLOW is given snapshot 9, which is pinned\.$/);
  });

  test('that does not stand has no section', async () => {
    const page = await pageText(calmReport());
    assert.doesNotMatch(page, /id="hold|href="#hold/);
  });
});

suite('problems', () => {
  const problem = (name: string, changes: Partial<ProblemData> = {}): ProblemData => ({
    code: 'email_missing',
    effect: 'quarantined',
    source: 'hr',
    kind: 'person',
    name,
    text: 'has no email',
    ...changes,
  });
  const shown = async (problems: ReportData['problems']) => read(await pageText(smallReport({ problems })), 'problems');

  test('are told by effect, what keeps somebody out first, then by code, the most frequent first', async () => {
    const text = await shown({
      run: 36,
      counts: [
        { code: 'nick_name_markup', effect: 'warned', count: 1 },
        { code: 'email_reused', effect: 'quarantined', count: 1 },
        { code: 'email_missing', effect: 'quarantined', count: 1200 },
        { code: 'email_broken', effect: 'kept', count: 0 },
      ],
      listed: [problem('a.lin'), problem('', { code: 'nick_name_markup', effect: 'warned', text: '<b>' })],
    });
    assert.match(text, /^Found by run 36\.\n! Quarantined: not served 1,201\n.*put right.*\nemail_missing 1,200\n/);
    assert.match(
      text,
      /\na\.lin hr has no email\n1,199 more are not listed here\. This has them all:\nrosterd status --json\nemail_reused 1\n/,
    );
    assert.match(text, /\n· Served as it is 1\n.*\nnick_name_markup 1\n.*\nperson hr <b>$/);
    assert.doesNotMatch(text, /last good value/);
  });

  test('are none, or nobody has looked yet', async () => {
    assert.match(await shown({ run: 36, counts: [], listed: [] }), /found nothing wrong\.\nFound by run 36\.$/);
    assert.equal(await shown({ run: undefined, counts: [], listed: [] }), 'No run has looked at everybody yet.');
  });

  test('that keep people out are seen at once', async () => {
    const opened = async (count: number) => {
      const problems = {
        run: 1,
        counts: [{ code: 'email_missing', effect: 'quarantined' as const, count }],
        listed: [],
      };
      return element(await pageText(smallReport({ problems })), 'problems').includes('<details open>');
    };
    assert.deepEqual([await opened(50), await opened(51)], [true, false]);
  });
});

suite('sources', () => {
  test('say whether they can be read, when they were, and what they gave', async () => {
    const text = read(await pageText(smallReport()), 'sources');
    assert.match(
      text,
      /\nhr required ✓ can be read 21 Nov 2025, 16:00 19 people, 13 departments, 21 memberships 21 Nov 2025, 18:00\n/,
    );
    assert.match(text, /\nhr-tokyo optional ! cannot be read since 21 Nov 2025, 04:00 no answer from https/);
    assert.match(text, /\ntelephones optional not read yet in every run\n/);
    assert.match(text, /\nhr: Last 5 reads\n/);
  });

  test('are none', async () => {
    assert.equal(read(await pageText(emptyReport()), 'sources'), 'No sources are configured.');
  });
});

suite('renamed accounts', () => {
  test('are listed up to 500', async () => {
    const renamed = Array.from({ length: 502 }, (_, at) => ({ username: `old.${at}`, login: `new.${at}` }));
    const text = read(await pageText(smallReport({ renamed })), 'renamed');
    assert.match(text, /\nR old\.0 new\.0\n/);
    assert.match(text, /\nR old\.499 new\.499\n2 more are not listed here\.$/);
    assert.match(read(await pageText(smallReport({ renamed: [] })), 'renamed'), /^Everybody logs in by the name/);
  });
});

test('what is hidden is said to be', async () => {
  assert.match(
    await pageText(smallReport({ masked: true })),
    /<p class="note">Email addresses and telephone numbers are hidden\.<\/p>/,
  );
  assert.doesNotMatch((await pageText(smallReport())).replace(/<script[\s\S]*?<\/script>/g, ''), /are hidden/);
});
