import type { Effect } from '../../src/roster/model.ts';

/** What was done about a problem, as a reader may ask. */
export const EFFECTS: Readonly<Record<Effect, string>> = {
  failed: 'stopped the run',
  quarantined: 'not served',
  kept: 'the last good value stays',
  fixed: 'put right on the way',
  dropped: 'left out',
  warned: 'served as it is',
};

/** The order in which problems are told: what keeps somebody out first. */
export const EFFECT_ORDER: readonly Effect[] = ['failed', 'quarantined', 'kept', 'dropped', 'fixed', 'warned'];

/** What a code of problems is about, where the code does not say it well enough by itself. */
const CODES: Readonly<Record<string, string>> = {
  newcomer: 'newcomers with something wrong',
  username_missing: 'rows with neither key nor username',
  match_ambiguous: 'records that could be about several people',
  update_unmatched: 'records about nobody that an earlier source has',
  member_unknown: 'memberships of people whom the source does not list',
  department_unknown: 'people in departments that do not exist',
  department_code: 'departments with an impossible code',
  department_other_name: 'departments with another name in a later source',
  department_parent: 'departments with an impossible parent',
  department_cycle: 'departments in a cycle of parents',
  department_waits: 'departments that wait for a delivery',
  email_waits: 'emails that wait for a delivery',
  email_reused: 'emails of people who left',
  department_kept: 'departments not listed any more, but in use',
  department_twin: 'departments with the same name and parent',
  username_not_email: 'usernames with an @ that are not the email',
  username_taken: 'usernames that somebody else has',
  email_taken: 'emails that somebody else has',
  gender_default: 'people without a usable gender',
  nick_name_missing: 'people without a name',
  nick_name_markup: 'names with markup characters',
  nick_name_control: 'names with control characters',
  source_stands_in: 'sources that cannot be read, with an earlier extract in their place',
  source_left_out: 'sources that cannot be read, with nothing in their place',
  account_can_write: 'accounts that could write to their source',
};

/** A code of problems in words: `email_broken` becomes `email broken`. */
export const codeWords = (code: string) => CODES[code] ?? code.replaceAll('_', ' ');
