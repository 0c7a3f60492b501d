import type { CertificateFacts } from './certificate.ts';

/** How many days ahead it is told that a certificate expires; the first of them is when to begin to worry. */
export const STEPS = [30, 7, 1] as const;

/** How close a certificate is to its end: within so many days, or past it. */
export type ExpiryStep = (typeof STEPS)[number] | 'expired';

/** In milliseconds. */
export const DAY = 86_400_000;

/** The step that a certificate has come to; undefined while its end is far. */
export function expiryStep(expires: Date, now: Date): ExpiryStep | undefined {
  const left = expires.getTime() - now.getTime();
  return left <= 0 ? 'expired' : STEPS.findLast(days => left <= days * DAY);
}

/** What is to be said of a certificate's age, if anything is. */
export function ageWarnings({ from, expires }: CertificateFacts, now: Date): string[] {
  if (from > now) return [`is not valid before ${moment(from)}: callers refuse it until then; is the clock right?`];
  const step = expiryStep(expires, now);
  if (step === undefined) return [];
  if (step === 'expired') return [`expired on ${moment(expires)}: callers refuse it; renew it`];
  const days = Math.floor((expires.getTime() - now.getTime()) / DAY);
  return [`expires on ${moment(expires)}, in ${days === 1 ? '1 day' : `${days} days`}; renew it`];
}

/** `2026-08-20 02:00 UTC`, as certificates have it. */
export const moment = (date: Date) => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
