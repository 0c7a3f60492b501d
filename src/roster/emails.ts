import { fold } from './fold.ts';
import { called, type Holder, type Known } from './known.ts';
import type { Person } from './model.ts';
import type { Rules } from './tidy.ts';

/** Why OMFLOW would not take an email for somebody, whoever has it in the candidate. */
export interface Refusal {
  readonly code: 'email_reused' | 'email_waits';
  readonly text: string;
}

export interface EmailContext {
  readonly known: Known;
  readonly rules: Rules;
  /** Who left with a folded email, or does so now. */
  left(email: string): readonly Holder[];
}

/**
 * OMFLOW keeps the email of somebody who left for ever, and that of somebody who changed it until it is told: it takes a
 * new one for nobody else as long as that is so. Undefined when it would take the email.
 */
export function refusal(person: Person, { known, rules, left }: EmailContext): Refusal | undefined {
  const { email } = person;
  const mark = fold(email);
  const isOther = (holder: Holder) => holder.key !== person.key && fold(holder.username) !== fold(person.username);
  const former = left(mark).find(isOther);
  if (former && rules.reused_email !== 'allow') {
    const text = `email "${email}" was that of ${called(former.username)}, who left, and OMFLOW keeps it for them`;
    return { code: 'email_reused', text };
  }
  const holder = known.delivered.emails.get(mark)?.find(isOther);
  if (!holder) return undefined;
  const until = `waits until a delivery has shown it free (last: ${known.delivered.what})`;
  return { code: 'email_waits', text: `email "${email}" is that of ${called(holder.username)} in OMFLOW and ${until}` };
}
