import type { Logger } from 'pino';
import { type Certificate, type CertificateFiles, readCertificate } from './certificate.ts';
import { type CertificateWatch, mustBeBetter, watchCertificate } from './certificate-watch.ts';
import type { ExpiryStep } from './expiry.ts';
import type { PemPair } from './tls.ts';

type Files = Pick<CertificateFiles, 'cert' | 'key'>;

export interface ShownCertificateTools {
  readonly log: Logger;
  /** The folder of systemd's credentials, if there is one. */
  readonly credentials: string | undefined;
  now(): Date;
}

/** The certificate that the daemon shows, if it shows one: the newest that its files held and that can be used. */
export interface ShownCertificate extends Disposable {
  readonly pair: PemPair | undefined;
  readonly state: { readonly file: string; readonly expires: Date } | undefined;
  /** Told of every other one, from now on. */
  onChange(show: (pair: PemPair) => void): void;
  /**
   * Reads these files, and gives what shows them from now on. Throws an error where they cannot be used, or are worse than
   * what is shown. Without files, or where none was shown before, nothing changes.
   */
  prepare(files: Files | undefined): () => void;
}

/** Throws an error that says what is wrong with the files. */
export function showCertificate(files: Files | undefined, tools: ShownCertificateTools): ShownCertificate {
  return files === undefined ? NONE : new Shown(files, tools);
}

const NONE: ShownCertificate = {
  pair: undefined,
  state: undefined,
  onChange() {},
  prepare: () => () => {},
  [Symbol.dispose]() {},
};

class Shown implements ShownCertificate {
  readonly #tools: ShownCertificateTools;
  #files: Files;
  #watch: CertificateWatch;
  #show: (pair: PemPair) => void = () => {};

  constructor(files: Files, tools: ShownCertificateTools) {
    this.#tools = tools;
    this.#files = files;
    this.#watch = this.#watched(files, this.#read(files));
  }

  get pair(): PemPair {
    return this.#watch.current.pair;
  }

  get state() {
    return { file: this.#files.cert, expires: this.#watch.current.expires };
  }

  onChange(show: (pair: PemPair) => void): void {
    this.#show = show;
  }

  prepare(files: Files | undefined): () => void {
    if (files === undefined) return () => {};
    if (files.cert === this.#files.cert && files.key === this.#files.key) return () => this.#watch.look();
    const found = this.#read(files);
    mustBeBetter(found, this.#watch.current, { file: files.cert, now: this.#tools.now() });
    return () => {
      this.#watch[Symbol.dispose]();
      this.#files = files;
      this.#watch = this.#watched(files, found);
      this.#exchange(found);
    };
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #read(files: Files): Certificate {
    const { credentials, now } = this.#tools;
    return readCertificate({ ...files, credentials }, now());
  }

  #watched(files: Files, current: Certificate): CertificateWatch {
    const { credentials, log, now } = this.#tools;
    return watchCertificate({
      files: { ...files, credentials },
      now,
      current,
      onChange: found => this.#exchange(found),
      onRefused: error => log.error({ why: error.message }, 'a new certificate is refused; the one before is shown on'),
      onExpiry: (step, { expires }) => this.#tellExpiry(step, expires),
    });
  }

  #exchange({ pair, expires }: Certificate): void {
    this.#show(pair);
    this.#tools.log.info({ file: this.#files.cert, expires }, 'another certificate is shown from now on');
  }

  #tellExpiry(step: ExpiryStep, expires: Date): void {
    const { log } = this.#tools;
    const fields = { file: this.#files.cert, expires };
    if (step === 'expired') log.error(fields, 'the certificate has expired: callers refuse it; renew it');
    else log[step > 7 ? 'warn' : 'error']({ ...fields, days: step }, 'the certificate expires soon; renew it');
  }
}
