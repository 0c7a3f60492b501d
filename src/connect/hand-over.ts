import { basename } from 'node:path';

/**
 * How somebody who has no account to give a file to lets the daemon read it: systemd does, as root. `setting` is what names
 * the file, and without one a `${file:…}` does.
 */
export function handOver(path: string, setting?: string): string {
  const name = basename(path);
  const use = setting === undefined ? `use it as \${file:${name}}` : `name it ${name} in ${setting}`;
  return `run "systemctl edit rosterd", write LoadCredential=${name}:${path} below [Service], ${use}, and restart rosterd`;
}
