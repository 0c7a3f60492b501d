import type { Clock } from '../clock.ts';
import type { CompiledOAuth } from './compile.ts';
import { RequestFailure } from './failure.ts';
import { isObject, type Json, textOf } from './json.ts';
import { signedToken } from './jwt.ts';
import { compileNotation } from './notation.ts';
import { ask, noJson } from './pages.ts';
import type { CompiledRequest } from './request.ts';
import { lookupIn, type Scope, secretsIn } from './scope.ts';
import type { Secrets } from './secrets.ts';
import type { Session } from './session.ts';
import { MissingValue } from './template.ts';
import type { TokenKeeper, TokenStore, Tokens } from './tokens.ts';

/** Tokens are renewed so many milliseconds before they end. */
const EARLY = 60_000;

interface Settings {
  /** For the requests that get tokens; it has none itself. */
  readonly session: Session;
  readonly scope: Scope;
  readonly store: TokenStore;
  readonly secrets: Secrets;
  readonly clock: Clock;
}

/** The tokens of one service: got, kept, renewed in time, and once more when they are refused. */
export class OAuth implements TokenKeeper {
  readonly #oauth: CompiledOAuth;
  readonly #settings: Settings;
  #tokens: Tokens | undefined;
  #jwt: { readonly text: string; readonly until: number } | undefined;
  #turn = 0;
  #renewing: Promise<void> | undefined;

  constructor(oauth: CompiledOAuth, settings: Settings) {
    this.#oauth = oauth;
    this.#settings = settings;
  }

  names(): Pick<Scope, 'oauth' | 'more'> {
    return { oauth: this.#tokens?.response, ...(this.#jwt ? { more: { JWT: this.#jwt.text } } : {}) };
  }

  /** Makes sure that there are tokens that will do for the next request. */
  async ready(): Promise<void> {
    if (this.#isFresh()) return;
    await this.#alone(() => this.#prepared());
  }

  get turn(): number {
    return this.#turn;
  }

  /** Whoever asks while tokens are being renewed waits for those; whoever was refused with older ones need not ask. */
  async renew(turn: number): Promise<void> {
    if (turn === this.#turn) await this.#alone(() => this.#renewed());
  }

  #alone(work: () => Promise<void>): Promise<void> {
    this.#renewing ??= work().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  #isFresh(): boolean {
    const { access_token, config } = this.#oauth;
    const needed = access_token !== undefined || config.authenticate_url !== undefined;
    const { clock } = this.#settings;
    const signed = config.jwt === undefined || (this.#jwt !== undefined && this.#jwt.until - EARLY > clock.now());
    return signed && (!needed || (this.#tokens !== undefined && !this.#ends()));
  }

  async #prepared(): Promise<void> {
    await this.#sign();
    this.#know(this.#tokens ?? this.#settings.store.load());
    const { access_token, config } = this.#oauth;
    if (this.#tokens !== undefined) return this.#ends() ? this.#renewed() : undefined;
    if (config.authenticate_url !== undefined) {
      throw new Error('is not authorized yet; run: rosterd manifest authorize FILE, with the file of its manifest');
    }
    if (access_token !== undefined) await this.#get(access_token);
  }

  async #renewed(): Promise<void> {
    this.#jwt = undefined;
    await this.#sign();
    const { refresh, access_token, config } = this.#oauth;
    if (refresh !== undefined && this.#tokens !== undefined) return this.#refreshed(refresh);
    if (config.authenticate_url !== undefined) {
      throw new Error('its tokens are refused or have expired, and its manifest has no refresh; authorize it again');
    }
    if (access_token !== undefined) await this.#get(access_token);
  }

  /**
   * Where nobody need be asked, a service that gave nothing to refresh with is asked for tokens anew; and after a refresh
   * that failed the next run begins anew, instead of failing for ever with tokens that are of no use.
   */
  async #refreshed(refresh: CompiledRequest): Promise<void> {
    try {
      await this.#get(refresh);
    } catch (error) {
      const { config, access_token } = this.#oauth;
      if (config.authenticate_url !== undefined) throw error;
      if (access_token && (error as Error).cause instanceof MissingValue) return this.#get(access_token);
      if (error instanceof RequestFailure) this.#settings.store.forget();
      throw error;
    }
  }

  /** Trades a code from a browser for tokens. */
  async trade(code: string, more: Readonly<Record<string, string>>): Promise<void> {
    await this.#sign();
    const { access_token } = this.#oauth;
    this.#settings.secrets.add(code);
    if (access_token === undefined) throw new Error('its manifest has no oauth.access_token');
    await this.#get(access_token, { code, ...more });
  }

  async #get(request: CompiledRequest, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const { session, scope, store, clock } = this.#settings;
    const { oauth, more: signed } = this.names();
    const answer = await ask(request, session, { ...scope, oauth, more: { ...more, ...signed } }, { page: undefined });
    // Not quoted: it may hold the tokens in another form.
    if (answer.body === undefined) throw session.failure(session.masked(noJson(answer)), answer);
    if (isRefusal(answer.body)) throw session.failure('expected tokens, and got an error', answer, answer.text);
    // A service that renews may leave out what has not changed, the refresh token above all.
    const response = isObject(oauth) && isObject(answer.body) ? { ...oauth, ...answer.body } : answer.body;
    const seconds = Number(textOf(compileNotation(this.#oauth.config.expires_in_from)(answer.body)) ?? Number.NaN);
    const tokens = {
      response,
      expires: seconds > 0 && Number.isFinite(seconds) ? clock.now() + seconds * 1000 : undefined,
    };
    this.#know(tokens);
    store.save(tokens);
  }

  #know(tokens: Tokens | undefined): void {
    this.#tokens = tokens;
    this.#turn += 1;
    for (const text of secretsIn(tokens?.response)) this.#settings.secrets.add(text);
  }

  #ends(): boolean {
    const { expires } = this.#tokens ?? {};
    return expires !== undefined && expires - EARLY <= this.#settings.clock.now();
  }

  async #sign(): Promise<void> {
    const { jwt } = this.#oauth.config;
    const { clock, scope, secrets } = this.#settings;
    if (jwt === undefined || (this.#jwt && this.#jwt.until - EARLY > clock.now())) return;
    const text = await signedToken(jwt, lookupIn(scope), clock.now());
    secrets.add(text);
    this.#turn += 1;
    this.#jwt = { text, until: clock.now() + jwt.ttl * 1000 };
  }
}

/** Some services answer `{"error": "invalid_grant"}` with status 200. */
const isRefusal = (body: Json) => isObject(body) && typeof body['error'] === 'string' && body['error'] !== '';
