const EMAIL = /[^\s@"'<>(),;:→]+@[^\s@"'<>(),;:→]+/gu;
/** Seven digits or more, with what people write between them. */
const PHONE = /\+?\d(?:[\s().\-/]*\d){6,}/g;

const start = (text: string) => [...text][0] ?? '';

const maskedEmail = (email: string) =>
  email
    .split('@')
    .map(part => `${start(part)}…`)
    .join('@');

const maskedPhone = (phone: string) => `${start(phone)}…`;

const PHONES: readonly string[] = ['phone1', 'phone2', 'extension_no'];

/** A name or a sentence for sharing: the emails in it are cut to their first letters, for some use them as names. */
export const maskEmails = (text: string) => text.replace(EMAIL, maskedEmail);

/** The same with telephone numbers, for texts that may have them: sentences about problems. */
export const maskText = (text: string) => maskEmails(text).replace(PHONE, maskedPhone);

/** The value of a field for sharing. */
export function maskField(field: string, value: string): string {
  if (value === '') return '';
  if (PHONES.includes(field)) return maskedPhone(value);
  if (field === 'email') return value.includes('@') ? maskEmails(value) : `${start(value)}…`;
  return field.startsWith('extra.') ? maskText(value) : maskEmails(value);
}

const SENTENCES: readonly string[] = ['text', 'why', 'reason'];

/** What `JSON.stringify` is to do with an object that is to be shared. */
export function masking(key: string, value: unknown): unknown {
  if (typeof value === 'string') return SENTENCES.includes(key) ? maskText(value) : maskField(key, value);
  return isChange(value)
    ? { ...value, old: maskField(value.field, value.old), new: maskField(value.field, value.new) }
    : value;
}

/** Values whose field stands beside them. */
const isChange = (value: unknown): value is Readonly<Record<'field' | 'old' | 'new', string>> =>
  typeof value === 'object' && value !== null && 'field' in value && 'old' in value && 'new' in value;

/** The same of data that is nothing but JSON, as a whole: whatever is in it is hidden wherever it stands. */
export const forSharing = <Data>(data: Data): Data => JSON.parse(JSON.stringify(data, masking)) as Data;
