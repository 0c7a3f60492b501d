import { join } from 'node:path';
import { temporaryFolder } from './folder.ts';
import { startProgram } from './program.ts';

/** What systemd hears of a service: one message, a line each for what it says. */
export type Message = readonly string[];

/** A socket such as systemd listens at for what services say of themselves; `path` is for their NOTIFY_SOCKET. */
export interface NotifySocket extends AsyncDisposable {
  readonly path: string;
  /** All that was said so far. */
  readonly heard: readonly Message[];
  /** Waits until so many messages with such a line were heard, and gives all until then. */
  hear(line: string | RegExp, times?: number): Promise<readonly Message[]>;
}

/**
 * Node has no datagram sockets of that kind, and every Debian has Perl. What comes along with a message, such as the pipe
 * that `systemd-notify` waits for, is dropped, which is how systemd says that it has read it.
 */
const LISTENER = `
  use Socket;
  $| = 1;
  socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
  bind($socket, pack_sockaddr_un($ARGV[0])) or die "bind: $!";
  print "listening\\n";
  while (defined recv($socket, my $message, 65536, 0)) {
    $message =~ s/\\n+$//;
    $message =~ s/\\n/\\t/g;
    print "$message\\n" unless $message eq "BARRIER=1";
  }`;

export async function notifySocket(): Promise<NotifySocket> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const path = join(folder.path, 'notify');
  const program = stack.use(await startProgram('perl', ['-e', LISTENER, path]));
  await program.waitFor(/^listening\n/);
  const heard = () =>
    program.output
      .split('\n')
      .slice(1, -1)
      .map(message => message.split('\t'));
  const owned = stack.move();
  return {
    path,
    get heard() {
      return heard();
    },
    async hear(line, times = 1) {
      const pattern = typeof line === 'string' ? RegExp.escape(line) : line.source;
      await program.waitFor(new RegExp(`(?:(?:^|[\\n\\t])${pattern}(?=[\\n\\t])[^]*?){${times}}`), 20_000);
      return heard();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
