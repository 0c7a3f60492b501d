import type { CertificateFacts } from '../src/http/certificate.ts';

/** How long the certificate's file is good for. */
export type CertificateStanding = { readonly file: string } & (
  | (CertificateFacts & {
      /** Yellow from 30 days ahead on, red from 7. */
      readonly alarm: 'none' | 'yellow' | 'red';
    })
  | { readonly problem: string }
);

const ALARMS = { far: 'none', 30: 'yellow', 7: 'red', 1: 'red', expired: 'red' } as const;

/** Looks at the certificate's file, if there is one; not at the key, which whoever asks may not read. */
export async function certificateStanding(
  file: string | undefined,
  now: Date,
): Promise<CertificateStanding | undefined> {
  if (file === undefined) return undefined;
  const [{ readFacts }, { expiryStep }] = await Promise.all([
    import('../src/http/certificate.ts'),
    import('../src/http/expiry.ts'),
  ]);
  try {
    const facts = readFacts(file);
    return { file, ...facts, alarm: facts.from > now ? 'red' : ALARMS[expiryStep(facts.expires, now) ?? 'far'] };
  } catch (error) {
    return { file, problem: (error as Error).message };
  }
}

/** Whether somebody has to do something soon. */
export const isUrgent = (standing: CertificateStanding): boolean => 'problem' in standing || standing.alarm === 'red';
