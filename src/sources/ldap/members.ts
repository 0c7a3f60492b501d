import { fold } from '../../roster/fold.ts';
import type { MembershipRecord, PersonRecord } from '../../roster/model.ts';
import type { MemberList } from './departments.ts';
import { normalDn } from './dn.ts';

/**
 * The members that departments list, who are known by their DNs until their own entries are read. A list of names that
 * are no DNs, such as memberUid, is one of usernames.
 */
export class Members {
  readonly #waiting = new Map<string, { readonly spelled: string; readonly groups: string[] }>();

  constructor(lists: readonly MemberList[]) {
    for (const { group_no, members } of lists) for (const member of members) this.#add(member, group_no);
  }

  #add(spelled: string, group_no: string): void {
    const mark = normalDn(spelled) ?? usernameMark(spelled);
    const waiting = this.#waiting.get(mark);
    if (waiting) waiting.groups.push(group_no);
    else this.#waiting.set(mark, { spelled, groups: [group_no] });
  }

  /** What puts this person into departments; who was asked for is waited for no longer. */
  take(dn: string, { key, fields }: PersonRecord): MembershipRecord[] {
    const username = fields.username?.trim() ?? '';
    const person = key || username;
    if (this.#waiting.size === 0 || person === '') return [];
    return [normalDn(dn) ?? '', usernameMark(username)].flatMap(mark => {
      const groups = this.#waiting.get(mark)?.groups ?? [];
      this.#waiting.delete(mark);
      return groups.map(group_no => ({ person, group_no }));
    });
  }

  /** Those whom nobody turned out to be: the merge says so, and drops them. */
  get strangers(): MembershipRecord[] {
    return [...this.#waiting.values()].flatMap(({ spelled, groups }) =>
      groups.map(group_no => ({ person: spelled, group_no })),
    );
  }
}

/** No normal DN begins so. */
const usernameMark = (name: string) => `@${fold(name)}`;
