import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FORMATS } from '../../src/notices/formats.ts';
import type { Notice } from '../../src/notices/notice.ts';
import { textOf, wordsOf } from '../../src/notices/words.ts';
import { NO_CHANGES } from '../../src/roster/compare.ts';

const SINCE = '2026-11-25T01:30:00.000Z';
const COMMON = {
  at: '2026-11-25T02:00:00.000Z',
  since: SINCE,
  host: 'gate',
  store: 'sqlite:/var/lib/rosterd/roster.db',
  omflow: { status: 'success', snapshot: 7, pinned: false, at: '2026-11-24T02:00:00.000Z' },
} as const;
const NOW = { timezone: 'Asia/Taipei', isCurrent: true };
const SERVED = 'OMFLOW is served snapshot 7, of 2026-11-24 10:00 (Asia/Taipei).';
const ENDS = 'rosterd on gate, store sqlite:/var/lib/rosterd/roster.db, at 2026-11-25 10:00 (Asia/Taipei)';

const held: Notice = {
  ...COMMON,
  kind: 'held',
  hold: 3,
  omflow: { status: 'fail', because: 'held' },
  changes: {
    ...NO_CHANGES,
    people_added: 3,
    people_modified: 1,
    people_renamed: 1,
    people_removed: 200,
    memberships_removed: 201,
  },
  people: 103,
  reasons: [
    { guard: 'people_removed', text: '200 of 300 people would go, and at most 15 may' },
    { guard: 'protect', text: 'y.chen <ceo & chair> would go' },
  ],
  commands: ['rosterd review 3', 'rosterd approve 3'],
};
const recovered = (more: Pick<Extract<Notice, { kind: 'recovered' }>, 'state' | 'end'>): Notice => ({
  ...COMMON,
  kind: 'recovered',
  commands: [],
  ...more,
});

/** The title, and the text without what all of them say. */
const said = (notice: Notice, isCurrent = true) => {
  const words = wordsOf(notice, { ...NOW, isCurrent });
  return [words.title, ...textOf(words).replace(`\n\n${ENDS}`, '').replace(`\n\n${SERVED}`, '').split('\n')];
};

suite('a notice in words', () => {
  for (const [what, notice, expected] of [
    [
      'of a hold',
      held,
      [
        'held: hold 3 waits for a decision',
        'It was opened at 2026-11-25 09:30 (Asia/Taipei), and would change: people +3 ~2 -200, departments +0 ~0 -0, memberships +0 -201.',
        '',
        'Why it is held:',
        '- 200 of 300 people would go, and at most 15 may',
        '- y.chen <ceo & chair> would go',
        '',
        'If that is wrong, put the source right: the next run that is within the limits ends the hold by itself.',
        'If it is meant, look at it and approve it: exactly that is published then.',
        '',
        'OMFLOW is told so, and keeps what it has (sync.on_hold: fail).',
        '',
        'On the server of rosterd:',
        '  rosterd review 3',
        '  rosterd approve 3',
      ],
    ],
    [
      'of a failure',
      {
        ...{ ...COMMON, kind: 'failed', why: 'source hr: refuses connections', sources: ['hr'] },
        ...{ last_good: { run: 11, at: SINCE }, commands: ['rosterd status', 'rosterd check'] },
      },
      [
        'failed: no run has succeeded since 2026-11-25 09:30 (Asia/Taipei)',
        'Why: source hr: refuses connections',
        '',
        'The last good run was run 11, at 2026-11-25 09:30 (Asia/Taipei).',
        '',
        'On the server of rosterd:',
        '  rosterd status',
        '  rosterd check',
      ],
    ],
    [
      'of staleness, where there never was a good run',
      {
        ...{ ...COMMON, kind: 'stale', why: '', sources: [], last_good: null, commands: [] },
        omflow: { status: 'fail', because: 'stale' },
      },
      [
        'stale: nothing was confirmed since 2026-11-25 09:30 (Asia/Taipei), which is too long for OMFLOW',
        'There has been no good run yet.',
        '',
        'OMFLOW is told so, and keeps what it has (sync.max_stale).',
      ],
    ],
    [
      'of quarantine',
      {
        ...{ ...COMMON, kind: 'quarantine', count: 12, commands: ['rosterd show'] },
        codes: [
          { code: 'email_missing', count: 9 },
          { code: 'username_taken', count: 3 },
        ],
      },
      [
        'quarantine: 12 people or departments are kept out',
        'They are newcomers with something wrong, or have to do with some: they are not served until that is put right.',
        '',
        '- email_missing: 9',
        '- username_taken: 3',
        '',
        'On the server of rosterd:',
        '  rosterd show',
      ],
    ],
    [
      'of a certificate that expires',
      { ...COMMON, kind: 'certificate', file: '/etc/cert.pem', expires: '2026-12-01T02:00:00Z', days: 6, commands: [] },
      [
        'certificate: the certificate expires in 6 days',
        '/etc/cert.pem expires at 2026-12-01 10:00 (Asia/Taipei). After that callers that verify it are turned away.',
        'Put a new one in its place: it is taken without a restart.',
      ],
    ],
    [
      'of a certificate that has expired',
      { ...COMMON, kind: 'certificate', file: '/etc/cert.pem', expires: SINCE, days: -1, commands: [] },
      [
        'certificate: the certificate has expired',
        '/etc/cert.pem expired at 2026-11-25 09:30 (Asia/Taipei). Callers that verify it are turned away.',
        'Put a new one in its place: it is taken without a restart.',
      ],
    ],
    [
      'of a hold that was approved',
      recovered({ state: 'held', end: { how: 'approved', hold: 3, run: 12, reason: 'a branch was sold' } }),
      [
        'recovered: hold 3 was approved, in run 12',
        'A hold stood since 2026-11-25 09:30 (Asia/Taipei). That is over: hold 3 was approved, in run 12.',
        'Reason given: a branch was sold',
      ],
    ],
    [
      'of a hold that was overtaken',
      recovered({ state: 'held', end: { how: 'overtaken', hold: 3, run: 12, reason: '' } }),
      [
        'recovered: hold 3 was overtaken by run 12, which was within the limits',
        'A hold stood since 2026-11-25 09:30 (Asia/Taipei). That is over: hold 3 was overtaken by run 12, which was within the limits.',
      ],
    ],
    [
      'of runs that succeed again',
      recovered({ state: 'failed', end: { how: 'run', run: 12, status: 'published', snapshot: 8 } }),
      [
        'recovered: runs succeed again: run 12 published snapshot 8',
        'No run had succeeded since 2026-11-25 09:30 (Asia/Taipei). That is over: runs succeed again: run 12 published snapshot 8.',
      ],
    ],
    [
      'of a run that got as far as a hold',
      recovered({ state: 'failed', end: { how: 'run', run: 12, status: 'held', snapshot: 7 } }),
      [
        'recovered: runs do not fail any more: run 12 is held',
        'No run had succeeded since 2026-11-25 09:30 (Asia/Taipei). That is over: runs do not fail any more: run 12 is held.',
      ],
    ],
    [
      'of a roster that is fresh again',
      recovered({ state: 'stale', end: { how: 'run', run: 12, status: 'unchanged', snapshot: 7 } }),
      [
        'recovered: the roster is fresh again: run 12 found snapshot 7 unchanged',
        'What OMFLOW would have been given was too old since 2026-11-25 09:30 (Asia/Taipei). That is over: the roster is fresh again: run 12 found snapshot 7 unchanged.',
      ],
    ],
    [
      'of an empty quarantine',
      recovered({ state: 'quarantine', end: { how: 'clean' } }),
      [
        'recovered: nobody is kept out any more',
        'People or departments were kept out since 2026-11-25 09:30 (Asia/Taipei). That is over: nobody is kept out any more.',
      ],
    ],
    [
      'of a quarantine that is as it was',
      recovered({ state: 'quarantine', end: { how: 'fewer', count: 3 } }),
      [
        'recovered: 3 people or departments are kept out, no more than before',
        'People or departments were kept out since 2026-11-25 09:30 (Asia/Taipei). That is over: 3 people or departments are kept out, no more than before.',
      ],
    ],
    [
      'of a renewed certificate',
      recovered({
        state: 'certificate',
        end: { how: 'renewed', file: '/etc/cert.pem', expires: '2027-02-23T02:00:00Z' },
      }),
      [
        'recovered: the certificate /etc/cert.pem was renewed, and expires at 2027-02-23 10:00 (Asia/Taipei)',
        'The certificate was about to expire, or had expired, since 2026-11-25 09:30 (Asia/Taipei). That is over: the certificate /etc/cert.pem was renewed, and expires at 2027-02-23 10:00 (Asia/Taipei).',
      ],
    ],
  ] as const satisfies readonly (readonly [string, Notice, readonly string[]])[]) {
    test(what, () => assert.deepEqual(said(notice), expected));
  }

  test('says what OMFLOW gets, when it was and where', () => {
    const text = (omflow: Notice['omflow']) =>
      textOf(wordsOf({ ...held, omflow } as Notice, NOW)).match(/^OMFLOW.*$/m)?.[0];
    assert.equal(text({ ...COMMON.omflow, pinned: true }), `${SERVED.slice(0, -1)}, which is pinned.`);
    assert.equal(
      text({ status: 'fail', because: 'nothing_published' }),
      'OMFLOW is told that nothing has been published yet.',
    );
    assert.ok(textOf(wordsOf(held, NOW)).endsWith(`\n\n${ENDS}`));
  });

  test('says when it comes too late', () => {
    assert.equal(said(held, false)[1], 'This was so at 2026-11-25 10:00 (Asia/Taipei); it is over by now.');
    const end = recovered({ state: 'quarantine', end: { how: 'clean' } });
    assert.equal(said(end, false)[1], 'This was so at 2026-11-25 10:00 (Asia/Taipei); it has come back since.');
  });

  test('of a candidate without people does not advise to approve it', () => {
    assert.ok(said({ ...held, people: 0 }).includes('It has no people, so it cannot be approved.'));
  });
});

suite('a webhook', () => {
  test('for programs has everything under its name', () => {
    const { kind: _, at, ...facts } = held;
    assert.deepEqual(FORMATS.json(held, NOW), {
      type: 'rosterd.held',
      timestamp: at,
      data: {
        ...facts,
        current: true,
        title: 'held: hold 3 waits for a decision',
        text: textOf(wordsOf(held, NOW)),
      },
    });
  });

  test('for Slack marks nothing up that it was given', () => {
    const { text } = FORMATS.slack(held, NOW) as { text: string };
    assert.ok(text.startsWith('*held: hold 3 waits for a decision*\n\nIt was opened'));
    assert.ok(text.includes('- y.chen &lt;ceo &amp; chair&gt; would go'));
  });

  test('for Teams is a card of plain text in a message', () => {
    const { type, attachments } = FORMATS.teams(held, NOW) as { type: string; attachments: unknown[] };
    const [card] = attachments as [
      { contentType: string; content: { type: string; body: { type: string; inlines: [{ text: string }] }[] } },
    ];
    assert.deepEqual(
      [type, attachments.length, card.contentType],
      ['message', 1, 'application/vnd.microsoft.card.adaptive'],
    );
    assert.equal(card.content.type, 'AdaptiveCard');
    assert.ok(card.content.body.every(block => block.type === 'RichTextBlock'));
    const texts = card.content.body.map(block => block.inlines[0].text);
    assert.deepEqual(texts, ['held: hold 3 waits for a decision', ...textOf(wordsOf(held, NOW)).split('\n\n')]);
  });
});
