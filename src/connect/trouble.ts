const UNTRUSTED = 'its certificate is signed by nobody we trust; set tls.ca_file to the authority that signed it';
const NO_TLS = 'does not speak TLS on that port';
const OLD_TLS = 'speaks no TLS as new as 1.2';

/** By the code of an error of Node's: what kept a server from answering. */
const TROUBLES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections; is it running, and is the port right?',
  ENOTFOUND: 'its name cannot be resolved; is it written right?',
  EAI_AGAIN: 'its name cannot be resolved now; does the name server answer?',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  ETIMEDOUT: 'cannot be reached',
  ECONNRESET: 'broke the connection',
  EPIPE: 'broke the connection',
  CERT_HAS_EXPIRED: 'its certificate has expired; renew it on the server',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; do the clocks here and there agree?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name; set tls.server_name to the name it bears',
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_UNSUPPORTED_PROTOCOL: OLD_TLS,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: OLD_TLS,
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE':
    'breaks off the TLS handshake; does it want a certificate (tls.cert_file)?',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'wants a certificate from us; set tls.cert_file and tls.key_file',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'does not know who signed our certificate; look at tls.cert_file',
};

/** What kept a server from answering, in a few words to follow its name; for an error we know no words for, its own. */
export function troubleOf(error: unknown): string {
  const { code, message, reason } = error as NodeJS.ErrnoException & { readonly reason?: string };
  const words = code === undefined ? undefined : TROUBLES[code];
  if (words !== undefined) return `${words} (${code})`;
  // OpenSSL puts where in its own text it was before the reason.
  if (reason !== undefined) return `breaks off TLS: ${reason} (${code})`;
  // When a name has several addresses and none can be reached, Node's error has a code but an empty message.
  return message || String(code);
}
