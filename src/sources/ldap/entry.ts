import { Ber, type BerReader } from 'ldapts';

/** One entry of a directory. */
export interface LdapEntry {
  readonly dn: string;
  /** The bytes of the values of each attribute, by its name in lower case with its options; servers keep no order. */
  readonly values: Map<string, readonly Uint8Array[]>;
}

/** Bytes that no LDAP server sends. */
export class NotLdap extends Error {
  override readonly name = 'NotLdap';

  constructor() {
    super('answers with something that is not LDAP');
  }
}

const SET = Ber.Set | Ber.Constructor;

/** Reads a SearchResultEntry (RFC 4511, 4.5.2) to its end. */
export function readEntry(reader: BerReader): LdapEntry {
  const dn = readText(reader);
  const values = new Map<string, readonly Uint8Array[]>();
  reader.readSequence();
  const end = reader.offset + reader.length;
  while (reader.offset < end) {
    reader.readSequence();
    const name = readText(reader).toLowerCase();
    reader.readSequence(SET);
    const read = readAll(reader, () => reader.readString(Ber.OctetString, true));
    if (read.length > 0) values.set(name, [...(values.get(name) ?? []), ...read]);
  }
  return { dn, values };
}

/** The texts of a sequence whose head was read, such as the URLs of a referral. */
export const readTexts = (reader: BerReader): string[] => readAll(reader, () => reader.readString());

function readAll<Value>(reader: BerReader, next: () => Value | null): Value[] {
  const end = reader.offset + reader.length;
  const read: Value[] = [];
  while (reader.offset < end) read.push(there(next()));
  return read;
}

const readText = (reader: BerReader): string => there(reader.readString());

/** ldapts gives null for what is longer than its message, and does not move on. */
function there<Value>(read: Value | null): Value {
  if (read === null) throw new NotLdap();
  return read;
}
