import { readFileSync } from 'node:fs';

/** What is generated for each demo and stands in its configuration. */
export interface Generated {
  /** `host:port` or `unix:PATH`, as `server.listen` has it. */
  readonly listen: string;
  /** `sha256:` and 64 hex digits, as `token_hash` of the client `omflow` has it. */
  readonly tokenHash: string;
}

/** The text of the demo's rosterd.yaml: the template beside this file with its placeholders filled in. */
export function demoConfiguration({ listen, tokenHash }: Generated): string {
  const template = readFileSync(new URL('./rosterd.yaml', import.meta.url), 'utf8');
  return template.replaceAll('@LISTEN@', () => listen).replaceAll('@TOKEN_HASH@', () => tokenHash);
}
