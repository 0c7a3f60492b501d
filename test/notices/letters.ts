import type { Letter } from '../../src/notices/channel.ts';
import type { Notice } from '../../src/notices/notice.ts';

/** Something to tell, with a name in it that is not ASCII. */
export const NOTICE: Notice = {
  kind: 'failed',
  at: '2026-11-25T02:00:00.000Z',
  since: '2026-11-25T01:30:00.000Z',
  host: 'gate',
  store: 'sqlite:/var/lib/rosterd/roster.db',
  omflow: { status: 'fail', because: 'nothing_published' },
  commands: ['rosterd status'],
  why: 'source hr: the table 研發 is empty',
  sources: ['hr'],
  last_good: null,
};

/** The same on its way, now. */
export const letter = (more: Partial<Letter> = {}): Letter => ({
  id: 'msg_1',
  notice: NOTICE,
  wording: { timezone: 'UTC', isCurrent: true },
  at: new Date(),
  signal: new AbortController().signal,
  ...more,
});
