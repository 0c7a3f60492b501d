import { createHmac } from 'node:crypto';

/** What is signed of one try to send. */
export interface Signed {
  readonly id: string;
  readonly at: Date;
  readonly body: string;
}

/** The headers by which a receiver knows us and repeats; see https://www.standardwebhooks.com. */
export function signatureHeaders({ id, at, body }: Signed, secret: string | undefined): [string, string][] {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const names: [string, string][] = [
    ['webhook-id', id],
    ['webhook-timestamp', timestamp],
  ];
  if (secret === undefined) return names;
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
  return [...names, ['webhook-signature', `v1,${signature}`]];
}

const PREFIX = 'whsec_';

/** Base64 after its prefix, or any other text as it is. */
const keyOf = (secret: string): Buffer =>
  secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret);
