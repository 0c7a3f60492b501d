import type { X509Certificate } from 'node:crypto';

/** What is wrong with the certificates after the first: callers that do not sort them find no way to the authority. */
export function chainWarnings(chain: readonly X509Certificate[]): string[] {
  const broken = chain.findIndex((one, place) => place > 0 && !chain[place - 1]?.checkIssued(one));
  if (broken < 0) return [];
  return [
    `has certificates in the wrong order: number ${broken + 1} did not sign number ${broken}; some callers will refuse it`,
  ];
}
