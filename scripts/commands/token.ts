import { Option } from 'commander';
import { clientLine, makeToken, OMFLOW_SCOPES, scopesIn } from '../token.ts';
import { bareVerb, print, printJson } from '../verb.ts';

export const command = bareVerb('token', {
  more: 'Nothing is written: the token is printed once, and the configuration gets only its hash.',
  examples: [
    ['rosterd token omflow', 'for OMFLOW; it sends "omflow" and the token as Basic authentication'],
    [
      'rosterd token alice --scope admin',
      'for an administrator, whose browser asks for both at /report of server.monitor',
    ],
  ],
})
  .argument('<NAME>', 'the name of the client: the user name that it sends')
  .addOption(
    new Option('--scope <SCOPES>', 'what the client may do: sync, authenticate, admin, or several with commas between')
      .argParser(scopesIn)
      .default(OMFLOW_SCOPES, OMFLOW_SCOPES.join()),
  )
  .action((name: string, { scope, ...options }: { json?: true; scope: typeof OMFLOW_SCOPES }) => {
    const made = makeToken();
    const line = clientLine(name, made, scope);
    if (options.json) {
      return printJson({ name, token: made.token, token_hash: made.tokenHash, line });
    }
    print([
      `The token for "${name}", shown this once: nobody can find it out later, since only its hash is kept.`,
      '',
      `  ${made.token}`,
      '',
      'Give it to the client as the password of Basic authentication, and paste this line below server.clients:',
      '',
      `  ${line}`,
      '',
      'The daemon knows it after "systemctl reload rosterd" (SIGHUP), or from its next start on. For a change without a gap',
      'leave the old line until the client has the new token: one name may stand there twice.',
    ]);
  });
