import type { SqlAuthenticatorConfig } from '../../config/schema.ts';
import type { Recognised } from './hash-form.ts';
import { recognise } from './hashes.ts';
import type { Found } from './lookup.ts';

/** What the database has of somebody; each `why` is a sentence about `login` without anything of the hash. */
export type Stored =
  | Extract<Recognised, { status: 'known' }>
  | { readonly status: 'absent' | 'several' | 'closed' | 'unusable'; readonly why: string };

/** What the query gave for a login: the one hash, or why there is none to compare with. */
export function storedIn(config: SqlAuthenticatorConfig, login: string, { columns, rows }: Found): Stored {
  const wanted = config.salt === undefined ? 1 : 2;
  // A salt that nobody mentions would make every password a wrong one.
  if (columns !== wanted) return { status: 'unusable', why: columnTrouble(columns, wanted) };
  const [row, another] = rows;
  if (row === undefined) return { status: 'absent', why: 'no row has that login' };
  if (another !== undefined) return { status: 'several', why: `several rows have the login ${login}` };
  const [hash, salt] = row;
  if (!hash) return { status: 'closed', why: `${login} has no password there` };
  const recognised = recognise(hash, config, salt);
  switch (recognised.status) {
    case 'known':
      return recognised;
    case 'locked':
      return { status: 'closed', why: `the password of ${login} is locked there` };
    case 'unsupported':
      return { status: 'unusable', why: `the password hash of ${login} ${recognised.why}` };
  }
}

function columnTrouble(columns: number, wanted: 1 | 2): string {
  const count = columns === 1 ? 'one column' : `${columns} columns`;
  return wanted === 1
    ? `the query gives ${count}; it must give the hash alone, or, with scheme and salt, the hash and the salt`
    : `the query gives ${count}; with salt it must give two, the hash and the salt`;
}
