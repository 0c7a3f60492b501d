import type { DeliveryData, ReportData, RunData } from '../data.ts';
import { type Html, html, plain, startOf } from '../html.ts';
import type { Reader } from '../reader.ts';
import { fill } from '../words.ts';
import type { Places } from './places.ts';

/** What may be marked below the time. */
export const MARKS = ['failed', 'held', 'finished', 'broken-off'] as const;
export type MarkName = (typeof MARKS)[number];

/** How each is drawn, around 0, 0 and 9 pixels wide. */
export const SHAPES: Readonly<Record<MarkName, string>> = {
  failed: 'M-4 -4L4 4M4 -4L-4 4',
  held: 'M-2.5 -4.5V4.5M2.5 -4.5V4.5',
  finished: 'M-4.5 -4H4.5L0 4.5Z',
  'broken-off': 'M-4.5 -4H4.5L0 4.5Z',
};

/** The row that each is in. */
export const ROWS: Readonly<Record<MarkName, number>> = { failed: 0, held: 1, finished: 2, 'broken-off': 3 };

/** As wide as a mark and a gap: what is closer together is one mark. */
const STEP = 10;
/** How many of those that are one mark are told one by one. */
const TOLD = 5;

interface Moment {
  readonly name: MarkName;
  readonly at: string;
  readonly text: string;
}

/** Runs that came to nothing, and deliveries; `top` is the middle of the first row. */
export function marks(
  data: ReportData,
  places: Places,
  { top, row, reader }: { top: number; row: number; reader: Reader },
): Html {
  const moments = [...data.runs.map(run => ofRun(run, reader)), ...data.deliveries.map(one => ofDelivery(one, reader))];
  const columns = Map.groupBy(
    moments.flatMap(moment => moment ?? []),
    ({ name, at }) => `${name} ${Math.round(places.at(new Date(at)) / STEP)}`,
  );
  return html`${[...columns].map(([key, all]) => {
    const [name = 'failed', column] = key.split(' ') as [MarkName, string];
    return mark({ name, all, x: Number(column) * STEP, y: top + ROWS[name] * row }, reader);
  })}`;
}

function ofRun({ number, started, status, why }: RunData, { words, moment }: Reader): Moment | undefined {
  if (status !== 'failed' && status !== 'interrupted' && status !== 'held') return undefined;
  const places = { number, at: moment(started), status: words.statuses[status], why: startOf(why) };
  return { name: status === 'held' ? 'held' : 'failed', at: started, text: fill(words.timeline.run, places) };
}

function ofDelivery({ snapshot, client, at, finished }: DeliveryData, { words: { timeline }, moment }: Reader): Moment {
  const text = finished ? timeline.delivery : timeline.deliveryBrokenOff;
  return {
    name: finished ? 'finished' : 'broken-off',
    at,
    text: fill(text, { snapshot, client: startOf(client), at: moment(at) }),
  };
}

interface Mark {
  readonly name: MarkName;
  readonly all: readonly Moment[];
  readonly x: number;
  readonly y: number;
}

function mark({ name, all, x, y }: Mark, { words: { timeline }, number }: Reader): Html {
  const rest = all.length - TOLD;
  const told = all.slice(0, TOLD).map(({ text }) => text);
  const text = [...told, ...(rest > 0 ? [fill(timeline.more, { count: number(rest) })] : [])].join('\n');
  return html`<g class="mark ${name}-mark" role="img" aria-label="${text}" transform="translate(${x} ${y})"><title>${plain(text)}</title><rect class="slot" x="-5" y="-8" width="10" height="16"/><path d="${SHAPES[name]}"/></g>
`;
}
