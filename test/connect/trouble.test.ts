import assert from 'node:assert/strict';
import { test } from 'node:test';
import { troubleOf } from '../../src/connect/trouble.ts';

/** The words for an error of this code, which no server on loopback can be brought to cause. */
const wordsFor = (code: string, about: object = {}) => troubleOf(Object.assign(new Error('raw'), { code, ...about }));

test('what kept a server from answering is told in words, with the code to search for', () => {
  const words: Readonly<Record<string, string>> = {
    ENOTFOUND: 'its name cannot be resolved; is it written right?',
    EAI_AGAIN: 'its name cannot be resolved now; does the name server answer?',
    EHOSTUNREACH: 'cannot be reached',
    ENETUNREACH: 'cannot be reached',
    ETIMEDOUT: 'cannot be reached',
    EPIPE: 'broke the connection',
    CERT_NOT_YET_VALID: 'its certificate is not valid yet; do the clocks here and there agree?',
    ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'does not know who signed our certificate; look at tls.cert_file',
  };
  for (const [code, text] of Object.entries(words)) assert.equal(wordsFor(code), `${text} (${code})`);
});

test('what we have no words for is told in its own', () => {
  assert.equal(wordsFor('ESTRANGE'), 'raw');
  assert.equal(troubleOf(new Error('tls.ca_file: x: no such file')), 'tls.ca_file: x: no such file');
  assert.equal(troubleOf(Object.assign(new AggregateError([], ''), { code: 'EHOSTDOWN' })), 'EHOSTDOWN');
  const reason = 'tlsv1 alert internal error';
  const code = 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR';
  assert.equal(wordsFor(code, { reason }), `breaks off TLS: ${reason} (${code})`);
});
