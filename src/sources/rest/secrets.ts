/** Below so many characters a secret is only found where it stands alone: a "7" is not every 7 of a text. */
const SHORT = 4;

/** Everything that must not be told, and texts without it. */
export class Secrets {
  readonly #forms = new Set<string>();
  #pattern: RegExp | undefined;

  /** Keeps a text secret from now on, in the forms that it takes in URLs, JSON and Basic authentication, too. */
  add(text: string): void {
    if (text === '' || this.#forms.has(text)) return;
    for (const form of formsOf(text)) this.#forms.add(form);
    this.#pattern = undefined;
  }

  /** The text with `***` in place of each secret. */
  mask(text: string): string {
    if (this.#forms.size === 0) return text;
    this.#pattern ??= patternOf([...this.#forms]);
    return text.replace(this.#pattern, '***');
  }
}

function formsOf(text: string): string[] {
  const whole = text.toWellFormed();
  const bytes = Buffer.from(whole);
  const inForm = new URLSearchParams({ '': whole }).toString().slice(1);
  const json = [JSON.stringify(text).slice(1, -1), JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/')];
  const base64 = [bytes.toString('base64'), bytes.toString('base64url')].map(one => one.replace(/=+$/, ''));
  // A letter may be two in capitals.
  const cased = [text.toUpperCase(), text.toLowerCase()];
  return [text, ...cased, encodeURIComponent(whole), encodeURI(whole), inForm, ...json, ...base64];
}

function patternOf(forms: readonly string[]): RegExp {
  // The longest first, so that no secret is left half masked by another that it contains.
  const parts = forms
    .toSorted((a, b) => b.length - a.length)
    .map(form =>
      form.length < SHORT ? `(?<![\\p{L}\\p{N}])${RegExp.escape(form)}(?![\\p{L}\\p{N}])` : RegExp.escape(form),
    );
  // A host name comes in lower case, and escapes in either.
  return new RegExp(parts.join('|'), 'giu');
}
