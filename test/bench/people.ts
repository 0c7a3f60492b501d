import { type Chance, chanceOf } from '../support/chance.ts';

/** How an organisation's HR tables have it grown over the years; the columns are in the order of {@link employeeLines}. */
export const SCHEMA = `
create table employees (
  emp_id int primary key, account varchar(60), mail varchar(120), name varchar(60), name_en varchar(60), sex char(1),
  dept_code varchar(20), tel varchar(40), mobile varchar(40), ext varchar(20), company varchar(100), title varchar(60),
  cost_center varchar(20), leave_date date
);
create table departments (code varchar(20) primary key, name varchar(60), parent varchar(20));
create table members (emp_id int, dept_code varchar(20));
`;

/** Decides who is in the tables: the same people every time. */
const SEED = 20_260_301;

const NOTHING = '\\N';
const line = (...columns: readonly (string | number)[]) => `${columns.join('\t')}\n`;

const NAMES = [
  ['林雅婷', ''],
  ['陳美玲', 'Mei Chen'],
  ['林小明', ''],
  ['森 さくら', ''],
  ['佐藤 健', ''],
  ['Jun Wu', ''],
  ['Ben Okafor', ''],
  ['', 'Ada Lin'],
] as const;
const COMPANIES = ['Acme', 'Acme Taiwan 股份有限公司', 'アクメ株式会社'] as const;
const TITLES = ['Engineer', '工程師', '主任', 'Manager', '営業', 'Accountant', ''] as const;

/** Everybody, as LOAD DATA takes them. */
export function* employeeLines(size: number): Generator<string> {
  const chance = chanceOf(SEED);
  for (let number = 1; number <= size; number += 1) yield employeeLine(number, size, chance);
}

function employeeLine(number: number, size: number, chance: Chance): string {
  const [name, english] = chance.pick(NAMES) ?? NAMES[0];
  const account = chance.happens(0.01) ? `User${number} ` : `user${number}`;
  const digits = String(number).padStart(8, '0');
  const numbered = (text: string) => (text === '' ? '' : `${text} ${number}`);
  return line(
    number,
    account,
    // Some records cannot be served, as everywhere.
    chance.happens(0.0005) ? '' : `user${number}@acme.example`,
    numbered(name),
    numbered(english),
    chance.pick(['F', 'M', 'F', 'M', '']) ?? '',
    departmentCode(chance.below(departmentsFor(size))),
    chance.happens(0.02) ? `+886 (02) ${digits}` : `02-${digits}`,
    chance.happens(0.7) ? `09${digits}` : '',
    chance.below(10_000),
    chance.pick(COMPANIES) ?? '',
    chance.pick(TITLES) ?? '',
    `CC${chance.below(400)}`,
    leaveDate(chance),
  );
}

/** One in fifty has left, and one in a hundred is going to. */
function leaveDate(chance: Chance): string {
  const lot = chance.below(100);
  if (lot > 2) return NOTHING;
  return lot === 2 ? '2099-12-31' : `20${10 + chance.below(14)}-0${1 + chance.below(9)}-15`;
}

export const departmentsFor = (size: number): number => Math.max(2, Math.ceil(size / 40));

export const departmentCode = (place: number): string => `D${String(place).padStart(5, '0')}`;

/** How many levels the tree has. */
const DEPTH = 5;
const UNITS = ['Research', '研發部', '営業部'] as const;

/** A tree of departments below one root, in which each but the lowest has about as many children as any other. */
export function* departmentLines(size: number): Generator<string> {
  const count = departmentsFor(size);
  const children = Math.max(2, Math.ceil(count ** (1 / (DEPTH - 1))));
  for (let place = 0; place < count; place += 1) {
    const parent = place === 0 ? '' : departmentCode(Math.floor((place - 1) / children));
    yield line(departmentCode(place), `${UNITS[place % UNITS.length]} ${place}`, parent);
  }
}

/** The share of people who are in another department besides their own. */
const DOUBLE = 0.08;

export function* membershipLines(size: number): Generator<string> {
  const chance = chanceOf(SEED + 1);
  for (let number = 1; number <= size; number += 1) {
    if (chance.happens(DOUBLE)) yield line(number, departmentCode(chance.below(departmentsFor(size))));
  }
}
