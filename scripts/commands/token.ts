import { clientLine, makeToken } from '../token.ts';
import { bareVerb, print, printJson } from '../verb.ts';

export const command = bareVerb('token', {
  more: 'Nothing is written: the token is printed once, and the configuration gets only its hash.',
  examples: [['rosterd token omflow', 'for OMFLOW; it sends "omflow" and the token as Basic authentication']],
})
  .argument('<NAME>', 'the name of the client: the user name that it sends')
  .action((name: string, options: { json?: true }) => {
    const made = makeToken();
    const line = clientLine(name, made);
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
      'The daemon knows it after its next start. For a change without a gap leave the old line until the client has the new',
      'token: one name may stand there twice.',
    ]);
  });
