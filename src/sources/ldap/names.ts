import { type Reader, UnreadableValue } from '../mapping.ts';
import type { Names } from '../records.ts';
import { parentDn } from './dn.ts';
import type { LdapEntry } from './entry.ts';
import { textsOf } from './values.ts';

/** A name of ours for what is not one attribute of an entry. */
interface OwnName {
  /** The attributes that it is made from. */
  readonly attributes: readonly string[];
  readonly read: Reader<LdapEntry>;
}

/** What identifies an entry for ever, where a mapping names nothing: stands where the name of an attribute would. */
export const LASTING_KEY = 'entryUUID or objectGUID';

/** `true` or `false`: whether the server lets nobody log in as this entry. Locked for a while is not disabled. */
export const DISABLED = 'disabled';

const OWN_NAMES: ReadonlyMap<string, OwnName> = new Map([
  ['dn', { attributes: [], read: (entry: LdapEntry) => entry.dn }],
  ['parent_dn', { attributes: [], read: (entry: LdapEntry) => parentDn(entry.dn) || undefined }],
  [
    DISABLED,
    {
      attributes: ['userAccountControl', 'nsAccountLock', 'loginDisabled'],
      read: (entry: LdapEntry) => String(isDisabled(entry)),
    },
  ],
  [
    LASTING_KEY,
    {
      // Both are operational in some servers, which give such only by name.
      attributes: ['entryUUID', 'objectGUID'],
      read: (entry: LdapEntry) => textsOf(entry, 'entryUUID')[0] ?? textsOf(entry, 'objectGUID')[0],
    },
  ],
]);

const ownName = (name: string) => OWN_NAMES.get(name) ?? OWN_NAMES.get(name.toLowerCase());

/** The second bit of Active Directory's flags. */
const ACCOUNTDISABLE = 2;

function isDisabled(entry: LdapEntry): boolean {
  const [flags = '0'] = textsOf(entry, 'userAccountControl');
  if (!/^-?\d+$/.test(flags))
    throw new UnreadableValue(`attribute "userAccountControl" has "${flags}", which is no number`);
  if ((Number(flags) & ACCOUNTDISABLE) !== 0) return true;
  return ['nsAccountLock', 'loginDisabled'].some(name => textsOf(entry, name)[0]?.toUpperCase() === 'TRUE');
}

/** The name of an attribute, perhaps with options (RFC 4512, 2.5), or its OID; `*` and `+` would be many. */
const attributeName = /^(?:[a-z][\w-]*|\d+(?:\.\d+)+)(?:;[\w-]+)*$/i;

/**
 * How the names of a mapping are found in entries: names of attributes in any letter case, `dn`, `parent_dn`, `disabled`
 * and the lasting key. Of several values, a field that has one takes the smallest by bytes.
 */
export const NAMES: Required<Names<LdapEntry>> = {
  resolve: name => ownName(name)?.read ?? (entry => textsOf(entry, name)[0]),
  resolveEach: name => {
    const own = ownName(name);
    return own ? entry => [own.read(entry) ?? []].flat() : entry => textsOf(entry, name);
  },
};

/** The attributes to ask for, each once; throws for a name that no attribute can have. */
export function attributesOf(names: readonly string[]): string[] {
  const asked = new Map<string, string>();
  for (const name of names) {
    for (const attribute of ownName(name)?.attributes ?? [name]) {
      if (!attributeName.test(attribute)) throw new Error(`"${attribute}" is no name of an attribute`);
      asked.set(attribute.toLowerCase(), attribute);
    }
  }
  return [...asked.values()];
}

/** Looks for attributes that a mapping names and no entry has: misspelled, or not to be seen by the account. */
export class Absences {
  readonly #unseen: Map<string, string>;
  readonly #where: string;
  #entries = 0;

  constructor({ what, base, names }: { what: string; base: string; names: readonly string[] }) {
    this.#unseen = new Map(names.filter(name => !ownName(name)).map(name => [name.toLowerCase(), name]));
    this.#where = `${what} below "${base}"`;
  }

  look(entries: readonly LdapEntry[]): void {
    this.#entries += entries.length;
    for (const own of this.#unseen.keys()) {
      if (entries.some(({ values }) => values.has(own))) this.#unseen.delete(own);
    }
  }

  /** One for each that no entry had; none when there were no entries. */
  get warnings(): string[] {
    if (this.#entries === 0) return [];
    return [...this.#unseen.values()].map(
      name =>
        `no entry has the attribute "${name}" (${this.#where}, ${this.#entries} read); ` +
        'check how it is written, and that the account may read it',
    );
  }
}
