import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'rosterd may not read it',
  EISDIR: 'is a folder, not a file',
};

/** What to do about a file that cannot be read, by the code of the system's error. */
export type WaysOut = Readonly<Record<string, string>>;

/** The text of a file. Throws an error that begins with the setting that names it, and has the system's as its cause. */
export function readPem(setting: string, file: string, ways: WaysOut = {}): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const way = ways[code] === undefined ? '' : `; ${ways[code]}`;
    throw new Error(`${setting}: ${file}: ${UNREADABLE[code] ?? message}${way}`, { cause: error });
  }
}

/** The first certificate in a text. Throws an error that begins with the setting when there is none. */
export function firstCertificate(setting: string, file: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new Error(`${setting}: ${file} holds no certificate in PEM form`, { cause: error });
  }
}
