/** The servers that the global setup starts once for all test files, by the variables that tell where they are. */
export type SharedAddress =
  | 'ROSTERD_TEST_MYSQL_URL'
  | 'ROSTERD_TEST_LDAP_URL'
  | 'ROSTERD_TEST_LDAPS_URL'
  | 'ROSTERD_TEST_LDAP_CA';

/** Where a shared server is; throws when nobody started it, which is so in a test file run without `npm test`. */
export function sharedAddress(name: SharedAddress): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(
    `${name} is not set: this test needs a server that the test run starts; run it with \`npm test -- FILE\``,
  );
}
