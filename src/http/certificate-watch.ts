import { type Certificate, type CertificateFiles, certificateOf, readPair } from './certificate.ts';
import { DAY, type ExpiryStep, expiryStep, moment } from './expiry.ts';

/** What is watched, and who is told of what. */
export interface CertificateWatchSettings {
  readonly files: CertificateFiles;
  /** How often both files are looked at, in milliseconds. */
  readonly every?: number;
  readonly now: () => Date;
  /** The certificate that is shown. */
  readonly current: Certificate;
  /** Told of another one, which is to be shown from now on. */
  onChange(certificate: Certificate): void;
  /** Told why what the files hold now is not shown; the one before stays. */
  onRefused(error: Error): void;
  /** Told when a certificate comes to another step, and of one that has expired once a day. */
  onExpiry(step: ExpiryStep, certificate: Certificate): void;
}

/** Looks at the files until it is disposed of. */
export interface CertificateWatch extends Disposable {
  /** The certificate that is shown. */
  readonly current: Certificate;
  /** Looks now. */
  look(): void;
}

const EVERY = 10_000;

/**
 * Watches the files of the certificate that is shown. They are read again and again, for who renews a certificate may
 * rewrite the files, or swap links to them or to their folder, which no other way of watching sees on every file system.
 * What is close to its end at the start is told before this returns.
 */
export function watchCertificate(settings: CertificateWatchSettings): CertificateWatch {
  const watch = new Watch(settings);
  const timer = setInterval(() => watch.look(), settings.every ?? EVERY).unref();
  watch.tellExpiry();
  return {
    get current() {
      return watch.current;
    },
    look: () => watch.look(),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

class Watch {
  current: Certificate;
  readonly #settings: CertificateWatchSettings;
  /** What was wrong at the last look. */
  #doubt: string | undefined;
  /** What was told last to be wrong. */
  #refused: string | undefined;
  /** The steps of the current certificate that were told, and when. */
  #told = new Map<ExpiryStep, number>();

  constructor(settings: CertificateWatchSettings) {
    this.#settings = settings;
    this.current = settings.current;
  }

  look(): void {
    try {
      this.#take();
      this.#doubt = undefined;
      this.#refused = undefined;
    } catch (error) {
      this.#refuse(error as Error);
    }
    this.tellExpiry();
  }

  /** Shows what the files hold, where that is something else. Throws an error when it is of no use. */
  #take(): void {
    const { files, now, onChange } = this.#settings;
    const pair = readPair(files);
    if (pair.cert === this.current.pair.cert && pair.key === this.current.pair.key) return;
    const found = certificateOf(pair, files, now());
    mustBeBetter(found, this.current, { file: files.cert, now: now() });
    this.current = found;
    this.#told.clear();
    onChange(found);
  }

  /** Of a pair that is just being replaced the key may still be the old one: only what stays wrong is told. */
  #refuse(error: Error): void {
    const stays = this.#doubt === error.message;
    this.#doubt = error.message;
    if (!stays || this.#refused === error.message) return;
    this.#refused = error.message;
    this.#settings.onRefused(error);
  }

  tellExpiry(): void {
    const now = this.#settings.now();
    const step = expiryStep(this.current.expires, now);
    if (step === undefined) return;
    const last = this.#told.get(step);
    const again = step === 'expired' && last !== undefined && now.getTime() - last >= DAY;
    if (last !== undefined && !again) return;
    this.#told.set(step, now.getTime());
    this.#settings.onExpiry(step, this.current);
  }
}

interface Place {
  readonly file: string;
  readonly now: Date;
}

/** Throws an error that says why: callers refuse a certificate outside of its time, and nobody could log in who can now. */
export function mustBeBetter(found: Certificate, current: Certificate, { file, now }: Place): void {
  if (isValid(found, now) || !isValid(current, now)) return;
  const why = found.from > now ? `is not valid before ${moment(found.from)}` : `expired on ${moment(found.expires)}`;
  throw new Error(
    `server.tls.cert: ${file} ${why}; the one before, which is valid until ${moment(current.expires)}, is shown on`,
  );
}

const isValid = ({ from, expires }: Certificate, now: Date) => from <= now && now < expires;
