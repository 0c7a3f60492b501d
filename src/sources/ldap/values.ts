import { sorted } from '../../roster/order.ts';
import { UnreadableValue } from '../mapping.ts';
import type { LdapEntry } from './entry.ts';

/** Makes a text of the bytes of one value; undefined when they mean that there is none. */
type Reading = (bytes: Uint8Array, name: string) => string | undefined;

/**
 * The values of an attribute as texts, blank ones left out: sorted by bytes, because a directory gives them in no order.
 * Throws an {@link UnreadableValue} when one of them is not text.
 */
export function textsOf({ values }: LdapEntry, name: string): string[] {
  const own = name.toLowerCase();
  const found = values.get(own);
  if (found === undefined) return NONE;
  const reading = READINGS.get(own) ?? plainText;
  const texts = found.flatMap(bytes => reading(bytes, name) ?? []);
  return texts.length > 1 ? sorted(texts) : texts;
}

const NONE: string[] = [];

/** With a byte order mark kept: it is a part of the value. */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return strict.decode(bytes);
  } catch {
    const shown = Buffer.from(bytes.subarray(0, 16))
      .toString('hex')
      .replace(/(..)(?=.)/g, '$1 ');
    throw new UnreadableValue(`attribute "${name}" has bytes that are not utf-8 (${shown})`);
  }
}

const plainText: Reading = (bytes, name) => {
  const text = textOf(bytes, name);
  return text.trim() === '' ? undefined : dateTimeOf(text);
};

/** Active Directory's identifiers: 16 bytes, of which the first three groups have their lowest byte first. */
const guid: Reading = (bytes, name) => {
  if (bytes.length !== 16) return plainText(bytes, name);
  const groups = [bytes.slice(0, 4).reverse(), bytes.slice(4, 6).reverse(), bytes.slice(6, 8).reverse()];
  return [...groups, bytes.slice(8, 10), bytes.slice(10)].map(group => Buffer.from(group).toString('hex')).join('-');
};

/** `S-1-5-21-…`: a one, a count, six bytes with the highest first, and so many numbers of four with the lowest first. */
const sid: Reading = (bytes, name) => {
  const [revision, count = 0] = bytes;
  if (revision !== 1 || bytes.length !== 8 + 4 * count) return plainText(bytes, name);
  const buffer = Buffer.from(bytes);
  const parts = Array.from({ length: count }, (_, place) => buffer.readUInt32LE(8 + 4 * place));
  return ['S', revision, buffer.readUIntBE(2, 6), ...parts].join('-');
};

/** Between 1601, which is the year 0 of Active Directory's times, and 1970, in milliseconds. */
const SINCE_1601 = 11_644_473_600_000;

/** `YYYY-MM-DD`, in UTC, of the tenths of a microsecond since 1601; never where that is 0, or later than any calendar. */
const fileTime: Reading = (bytes, name) => {
  const text = textOf(bytes, name).trim();
  if (text === '' || text === '0') return undefined;
  if (!/^\d{1,19}$/.test(text)) throw new UnreadableValue(`attribute "${name}" has "${text}", which is not a time`);
  const moment = Number(BigInt(text) / 10_000n) - SINCE_1601;
  return moment > Date.UTC(9999, 11, 31) ? undefined : new Date(moment).toISOString().slice(0, 10);
};

const READINGS: ReadonlyMap<string, Reading> = new Map([
  ...['objectguid', 'ms-ds-consistencyguid'].map(name => [name, guid] as const),
  ...['objectsid', 'sidhistory'].map(name => [name, sid] as const),
  ...['accountexpires', 'pwdlastset', 'lastlogon', 'lastlogontimestamp'].map(name => [name, fileTime] as const),
]);

/** GeneralizedTime (RFC 4517, 3.3.13): offsets other than Z only behind seconds, for phone numbers may look like others. */
const generalizedTime = /^([1-9]\d{3})(\d\d)(\d\d)(\d\d)(?:(\d\d)(?:(\d\d)(?:[.,]\d+)?(?:([+-])(\d\d)(\d\d)?|Z)|Z)|Z)$/;

/** `YYYY-MM-DDThh:mm:ssZ` of a text that is a GeneralizedTime, and any other text as it is. */
function dateTimeOf(text: string): string {
  const match = generalizedTime.exec(text);
  if (match === null) return text;
  const [, year = '', month, day, hour, minute = '00', second = '00', sign, hours = '0', minutes = '0'] = match;
  const local = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(local.getTime()) || local.getUTCDate() !== Number(day)) return text;
  const ahead = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  return new Date(local.getTime() - ahead * 60_000).toISOString().replace(/\.\d+/, '');
}
