import { hash } from 'node:crypto';
import type { EmailConfig, NotifyConfig, WebhookConfig } from '../config/notify.ts';
import type { Enclosure } from './enclosure.ts';
import type { Notice } from './notice.ts';
import type { Wording } from './words.ts';

/** One notice on its way. */
export interface Letter {
  /** The same in all tries. */
  readonly id: string;
  readonly notice: Notice;
  readonly wording: Wording;
  /** What goes with it where it can. */
  readonly enclosure?: Enclosure | undefined;
  /** Now. */
  readonly at: Date;
  /** Aborts when it takes too long. */
  readonly signal: AbortSignal;
}

/** The way to one channel. Both throw an {@link Undelivered}. */
export interface Post {
  /** Gives what did not arrive where the rest did: whom it did not reach, or what could not go with it. */
  send(letter: Letter): Promise<string | undefined>;
  /** Connects, and sends nothing. */
  reach(signal: AbortSignal): Promise<void>;
}

/** A channel as the store and the log know it. */
export interface Channel {
  /** A digest of where it leads: another address is another channel, another password is not. */
  readonly id: string;
  /** Its type and where it leads, without what is secret. */
  readonly name: string;
  readonly config: NotifyConfig;
}

/** The channels of a configuration; the same one twice is one. */
export function channelsOf(notify: readonly NotifyConfig[]): Channel[] {
  const all = notify.map(config => ({ id: idOf(config), name: channelName(config), config }));
  return [...new Map(all.map(one => [one.id, one])).values()];
}

function idOf(config: NotifyConfig): string {
  const where =
    config.type === 'webhook' ? [config.url, config.format] : [config.server, config.user, config.from, ...config.to];
  return hash('sha256', JSON.stringify([config.type, ...where]));
}

/** What a channel is called where others can read it. */
export const channelName = (config: NotifyConfig): string =>
  config.type === 'webhook' ? webhookName(config) : emailName(config);

/** A path shorter than this is not told any part of. */
const LONG = 12;

/** Whoever has the whole address of a webhook can write there. */
function webhookName({ format, url }: WebhookConfig): string {
  const { origin, pathname, search } = new URL(url);
  const path = `${pathname}${search}`;
  const end = path.length < LONG ? '' : path.slice(-4);
  return `${format === 'json' ? 'webhook' : format} ${origin}${path === '/' ? '' : `/…${end}`}`;
}

function emailName({ server, to }: EmailConfig): string {
  const more = to.length > 1 ? ` and ${to.length - 1} more` : '';
  return `email to ${to[0]}${more} by ${new URL(server).host}`;
}

/** Opens the way to a channel. Loaded only then: mail alone is as much code as a run. */
export async function postTo(config: NotifyConfig): Promise<Post> {
  return config.type === 'webhook'
    ? (await import('./webhook.ts')).webhook(config)
    : (await import('./email.ts')).email(config);
}
