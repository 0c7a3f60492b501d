import { dayIn } from '../../src/runs/time.ts';
import type { CertificateStanding } from '../certificate-standing.ts';
import { fromHere } from '../print.ts';
import { type Look, styled } from './look.ts';
import { ago, ahead } from './time.ts';
import { visible } from './visible.ts';

/** Why something has to be done about the certificate. */
export function certificateTrouble(standing: CertificateStanding, now: Date, { zone }: Look): string {
  if ('problem' in standing) return `certificate: ${visible(standing.problem)}`;
  const { file, from, expires } = standing;
  const name = visible(fromHere(file));
  const day = (date: Date) => `${dayIn(zone, date)} (${date > now ? ahead(date, now) : ago(date, now)})`;
  if (from > now) return `certificate: ${name} is not valid before ${day(from)}, and callers refuse it until then`;
  return expires > now
    ? `certificate: ${name} expires on ${day(expires)}; renew it`
    : `certificate: ${name} expired on ${day(expires)}, and callers refuse it; renew it`;
}

/** `host.example  until 2027-02-20 (in 89 days)`, as cells of a row. */
export function certificateCells(standing: CertificateStanding, now: Date, look: Look): string[] {
  if ('problem' in standing) return [visible(fromHere(standing.file)), styled('red', 'cannot be used', look)];
  const { names, expires, alarm } = standing;
  const day = dayIn(look.zone, expires);
  const text = expires > now ? `until ${day} (${ahead(expires, now)})` : `expired ${day} (${ago(expires, now)})`;
  const [first = 'without a name', ...others] = names;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return [visible(first) + more, alarm === 'none' ? text : styled(alarm, text, look)];
}
