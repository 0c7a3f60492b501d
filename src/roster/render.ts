import { type Department, type GroupNo, PERSON_FIELDS, type Person, type Username } from './model.ts';
import { byBytes, sorted } from './order.ts';

/** Writes OMFLOW's answer piece by piece: people as they come, the departments at the end. */
export interface Renderer {
  /** The next people, in key order; the text continues what was written before. */
  people(page: Iterable<Person>): string;
  /** Everything after the people. */
  end(departments: readonly Department[]): string;
}

/**
 * The bytes of one roster for OMFLOW: all keys always, in the order of the contract, departments with their parents
 * first. The same roster gives the same bytes, since people come in key order and departments are put in theirs here.
 */
export function renderer(): Renderer {
  const members = new Map<GroupNo, Username[]>();
  let text = '{"status":"success","user_info_list":[';
  let separator = '';
  const take = () => {
    const piece = text;
    text = '';
    return piece;
  };
  return {
    people(page) {
      for (const person of page) {
        text += separator + JSON.stringify(onTheWire(person));
        separator = ',';
        enrol(person, members);
      }
      return take();
    },
    end(departments) {
      const list = parentsFirst(departments).map(one => JSON.stringify(groupOnTheWire(one, members)));
      text += `],"group_info_list":[${list.join(',')}]}`;
      return take();
    },
  };
}

const onTheWire = (person: Person) => Object.fromEntries(PERSON_FIELDS.map(field => [field, person[field]]));

function enrol({ departments, username }: Person, members: Map<GroupNo, Username[]>): void {
  for (const code of departments) {
    const list = members.get(code);
    if (list) list.push(username);
    else members.set(code, [username]);
  }
}

const groupOnTheWire = (one: Department, members: ReadonlyMap<GroupNo, readonly Username[]>) => ({
  display_name: one.display_name,
  group_no: one.group_no,
  parent_group_no: one.parent_group_no,
  user_list: sorted(members.get(one.group_no) ?? []),
});

/** Level by level from the roots, each level by code: OMFLOW cannot take a child before its parent. */
export function parentsFirst(departments: readonly Department[]): Department[] {
  const children = Map.groupBy(departments, one => one.parent_group_no);
  const ordered: Department[] = [];
  let level = children.get('') ?? [];
  while (level.length > 0) {
    level = [...level].sort((a, b) => byBytes(a.group_no, b.group_no));
    for (const one of level) ordered.push(one);
    level = level.flatMap(one => children.get(one.group_no) ?? []);
  }
  return ordered;
}
