import { readDepartment, readPerson } from '../roster/leaf.ts';
import {
  type Department,
  type Extra,
  type GroupNo,
  groupNo,
  type Person,
  storedKey,
  username,
} from '../roster/model.ts';

/** A content as its row keeps it, beside the columns that say the beginning of it. */
export interface PackedRow {
  readonly key: string;
  readonly name: string;
  readonly content: string;
}

/** What a row has: the text that its leaf is the digest of, and the value, to be asked for once that was found right. */
export interface Unpacked<Value> {
  readonly content: string;
  value(): Value;
}

/** How the contents of people, or of departments, become short and come back, to the last character. */
export interface Packing<Value> {
  /** The short form of a content; the content itself where that would not come back the same. */
  pack(row: PackedRow): string;
  /** Never fails: what was damaged comes back as something else, whose digest is wrong. */
  unpack(row: PackedRow): Unpacked<Value>;
}

/** Between values, and between the departments of a person: control characters, which JSON has none of. */
const [VALUE, CODE] = ['\x1f', '\x1e'];
/** What a content begins with that is kept as it is, and no other does: `[`. */
const WHOLE = '['.charCodeAt(0);

interface Form<Value> {
  read(content: string): Value;
  /** The values that the columns do not say. */
  values(value: Value): readonly string[];
  /** Whether so many values can be those of a short form. */
  fits(count: number): boolean;
  /** The value of a short form, and its content: no value in it has to be escaped. */
  from(values: readonly string[], row: PackedRow): { readonly value: Value; readonly content: string };
}

function packing<Value>({ read, values, fits, from }: Form<Value>): Packing<Value> {
  const unpack = (row: PackedRow): Unpacked<Value> => {
    const { content } = row;
    const parts = content.charCodeAt(0) === WHOLE ? [] : content.split(VALUE);
    if (!fits(parts.length)) return { content, value: () => read(content) };
    const found = from(parts, row);
    return { content: found.content, value: () => found.value };
  };
  return {
    unpack,
    pack(row) {
      const content = values(read(row.content)).join(VALUE);
      // Whatever JSON has to escape does not come back, nor what would be taken for a sign of ours.
      return unpack({ ...row, content }).content === row.content ? content : row.content;
    },
  };
}

/** How many values a person has before those that only some have, and where the departments are. */
const [FIXED, CODES] = [10, 9];

/** The name at the directory is mostly the username, and the email begins with it. */
export const PEOPLE: Packing<Person> = packing({
  read: readPerson,
  values: ({ username: name, login, email, ...one }) => [
    login === name ? '' : login,
    email.startsWith(`${name}@`) ? email.slice(name.length) : email,
    one.nick_name,
    one.ad_no,
    one.company,
    one.phone1,
    one.phone2,
    one.extension_no,
    one.gender,
    one.departments.join(CODE),
    ...one.extra.flat(),
  ],
  fits: count => count >= FIXED && count % 2 === 0,
  from(values, { key, name }) {
    const at = (place: number) => values[place] ?? '';
    const login = at(0) || name;
    const email = at(1).startsWith('@') ? name + at(1) : at(1);
    const codes = at(CODES);
    const departments = codes === '' ? [] : (codes.split(CODE) as GroupNo[]);
    const extra = pairs(values, FIXED);
    const rest = values.slice(2, CODES).join('","');
    const pairTexts = extra.map(([field, value]) => `["${field}","${value}"]`).join();
    return {
      content: `["person","${key}","${name}","${login}","${email}","${rest}",[${listOf(departments)}],[${pairTexts}]]`,
      value: {
        key: storedKey(key),
        username: username(name),
        login,
        email,
        nick_name: at(2),
        ad_no: at(3),
        company: at(4),
        phone1: at(5),
        phone2: at(6),
        extension_no: at(7),
        gender: at(8),
        departments,
        extra,
      },
    };
  },
});

/** Key and name of a department are its code. */
export const DEPARTMENTS: Packing<Department> = packing({
  read: readDepartment,
  values: ({ display_name, parent_group_no }) => [display_name, parent_group_no],
  fits: count => count === 2,
  from: (values, { name }) => ({
    content: `["department",${listOf([name, ...values])}]`,
    value: { group_no: groupNo(name), display_name: values[0] ?? '', parent_group_no: groupNo(values[1] ?? '') },
  }),
});

/** As between the brackets of a JSON array. */
const listOf = (values: readonly string[]) => (values.length === 0 ? '' : `"${values.join('","')}"`);

/** Two by two, from a place on. */
function pairs(values: readonly string[], from: number): Extra[] {
  const found: Extra[] = [];
  for (let place = from; place < values.length; place += 2) found.push([values[place] ?? '', values[place + 1] ?? '']);
  return found;
}
