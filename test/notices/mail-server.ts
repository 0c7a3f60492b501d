import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export const PASSWORD = 's3cret & more';

export interface MailServer extends AsyncDisposable {
  readonly port: number;
  /** With whether each came over TLS, and whom it was for. */
  readonly mails: { mail: ParsedMail; secure: boolean; user: unknown; to: string[] }[];
  /** Breaks every connection off. */
  cutOff(): void;
}

/** For a server without a certificate, that nobody has to log in to. */
export const PLAIN: SMTPServerOptions = { hideSTARTTLS: true, disabledCommands: ['STARTTLS', 'AUTH'] };

/** A mail server that lets `rosterd` in, and everybody if nobody has to say who they are. It knows nobody called nobody. */
export async function startMailServer(options: SMTPServerOptions): Promise<MailServer> {
  const mails: MailServer['mails'] = [];
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onAuth({ username, password }, _session, done) {
      const isThem = username === 'rosterd' && password === PASSWORD;
      done(isThem ? null : new Error('who is that?'), isThem ? { user: username } : undefined);
    },
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith('nobody') ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : null),
    async onData(stream, { secure, user, envelope }, done) {
      const mail = await simpleParser(stream);
      mails.push({ mail, secure, user, to: envelope.rcptTo.map(one => one.address) });
      done();
    },
    ...options,
  });
  const sockets = new Set<Socket>();
  server.server.on('connection', socket => sockets.add(socket));
  // A client that turns away is no fault of the server.
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    cutOff() {
      for (const socket of sockets) socket.destroy();
    },
    [Symbol.asyncDispose]: () => new Promise<void>(resolve => server.close(() => resolve())),
  };
}
