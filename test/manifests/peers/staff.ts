/** A made-up company in no service's terms: each stand-in says it in its own, and each test what rosterd should see. */

export interface Unit {
  readonly code: string;
  readonly name: string;
  /** The code of the unit that this one is part of; the root has none. */
  readonly parent: string | undefined;
}

export interface Member {
  /** From 1; also what the employee number is made of. */
  readonly number: number;
  readonly given: string;
  readonly family: string;
  readonly email: string;
  readonly gender: 'male' | 'female';
  readonly unit: Unit;
  /** Some have no telephone at all. */
  readonly phone: string | undefined;
  readonly mobile: string | undefined;
  readonly extension: string;
  readonly left: boolean;
}

const HQ: Unit = { code: 'HQ', name: 'Head Office', parent: undefined };
export const UNITS: readonly Unit[] = [
  HQ,
  { code: 'RD', name: '研發部', parent: 'HQ' },
  { code: 'RD1', name: 'Platform', parent: 'RD' },
  { code: 'SALES', name: 'Sales & Service', parent: 'HQ' },
  { code: 'OPS', name: 'Betrieb Süd', parent: 'HQ' },
];

/** So many more units, without anybody in them yet. */
export const teams = (count: number): Unit[] =>
  Array.from({ length: count }, (_, place) => ({ code: `T${place + 1}`, name: `Team ${place + 1}`, parent: 'OPS' }));

const GIVEN = ['Ana', '小明', 'Jürgen', 'Mei', "D'Arcy", '花子', 'Zoë'];
const FAMILY = ['Lin', '王', 'Müller', 'Okafor', '佐藤'];

/** The first so many of the company, from number 1; every tenth has left. */
export const staff = (count: number): Member[] => Array.from({ length: count }, (_, place) => member(place + 1));

function member(number: number): Member {
  const digits = String(number).padStart(4, '0');
  const reachable = number % 11 !== 0;
  return {
    number,
    given: GIVEN[number % GIVEN.length] ?? '',
    family: FAMILY[number % FAMILY.length] ?? '',
    email: `p${digits}@acme.example`,
    gender: number % 2 === 0 ? 'female' : 'male',
    unit: UNITS[number % UNITS.length] ?? HQ,
    phone: reachable ? `+886 2 2700 ${digits}` : undefined,
    mobile: reachable ? `+886 912 00 ${digits}` : undefined,
    extension: String(10_000 + number),
    left: number % 10 === 7,
  };
}

/** The employee number. */
export const codeOf = ({ number }: Member) => `E${String(number).padStart(5, '0')}`;
