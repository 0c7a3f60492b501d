/** Where a database is: an embedded file, or a server and an account on it. */
export type DatabaseAddress =
  | { readonly engine: 'sqlite'; readonly path: string }
  | {
      readonly engine: 'mysql';
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
    };

/** The address that a configured URL means; a password beside the URL counts before one in it. */
export function databaseAddress({ url, password }: { url: string; password?: string | undefined }): DatabaseAddress {
  if (url.startsWith('sqlite:')) return { engine: 'sqlite', path: url.slice('sqlite:'.length) };
  const parts = new URL(url);
  return {
    engine: 'mysql',
    host: parts.hostname.replace(/^\[|\]$/g, ''),
    port: Number(parts.port || 3306),
    user: decodeURIComponent(parts.username),
    password: password ?? decodeURIComponent(parts.password),
    database: decodeURIComponent(parts.pathname.slice(1)),
  };
}

/** An address as it may be printed: without the password. */
export function printableAddress(address: DatabaseAddress): string {
  if (address.engine === 'sqlite') return `sqlite:${address.path}`;
  return `mysql://${address.user}@${address.host}:${address.port}/${address.database}`;
}
