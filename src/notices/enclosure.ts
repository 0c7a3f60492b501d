import type { NotifyConfig } from '../config/notify.ts';
import type { Desk } from './announce.ts';
import type { Notice } from './notice.ts';

/** The report that goes with a mail about a hold, or why it does not. */
export type Enclosure =
  | { readonly html: Uint8Array; readonly isMasked: boolean }
  /** In words for whoever gets the mail; `why` is for the log. */
  | { readonly missing: string; readonly why: string };

/** The most that is sent, in bytes. */
export const LARGEST = 10 * 1024 * 1024;
/** How long a mail waits for its report, in milliseconds; the round has to have time left to send it. */
const PATIENCE = 20_000;

/**
 * Gives what is to go with a notice to a channel; undefined where nothing is. Never rejects. Of a notice of which a try broke
 * off it makes nothing: that may have been what it broke off by.
 */
export type Enclose = (notice: Notice, config: NotifyConfig, brokeOff: boolean) => Promise<Enclosure | undefined>;

/** Makes each report once, however many channels want it, and none before one does. */
export function enclosing({ report }: Pick<Desk, 'report'>, patience = PATIENCE): Enclose {
  const made = new Map<string, Promise<Enclosure | undefined>>();
  return async (notice, config, brokeOff) => {
    if (!report || notice.kind !== 'held' || config.type !== 'email' || config.report === 'none') return undefined;
    if (brokeOff) return missing('an earlier try to send it broke off');
    const isMasked = config.report === 'masked';
    const of = `${notice.hold} ${isMasked}`;
    const one = made.get(of) ?? enclosure(report(notice.hold, isMasked), isMasked, patience);
    made.set(of, one);
    return await one;
  };
}

async function enclosure(
  making: Promise<Uint8Array | undefined>,
  isMasked: boolean,
  patience: number,
): Promise<Enclosure | undefined> {
  try {
    const html = await inTime(making, patience);
    if (html === undefined || html.length <= LARGEST) return html && { html, isMasked };
    return missing(`it is larger than ${LARGEST / 1024 / 1024} MiB`);
  } catch (error) {
    return missing('it could not be made, and the log says why', (error as Error).message);
  }
}

const missing = (text: string, why = text): Enclosure => ({ missing: text, why });

/** What work comes to; rejects when that takes longer. */
async function inTime<Value>(work: Promise<Value>, milliseconds: number): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () => reject(new Error(`it was not made within ${milliseconds / 1000} s`));
  const timer = setTimeout(late, milliseconds);
  return await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/** A mail server that would not take the mail as it was. */
export const refused = (answer: string): Enclosure => missing('the mail server did not take it', answer);

/** What a mail says of it. */
export function enclosureText(enclosure: Enclosure): string {
  if ('missing' in enclosure) {
    return `The report is not attached: ${enclosure.missing}. On the server "rosterd report --out FILE" makes it.`;
  }
  const masked = enclosure.isMasked ? ' Emails and telephone numbers are hidden in it.' : '';
  return `The report is attached: a page for the browser that compares what is held with what is published.${masked}`;
}
