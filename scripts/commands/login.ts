import type { Config } from '../../src/config/schema.ts';
import { loginText, WORDS } from '../../src/http/messages.ts';
import type { LoginResult } from '../../src/logins/authenticate.ts';
import { answerOf, outcomeOf } from '../../src/logins/service.ts';
import { servedLogins } from '../../src/runs/answers.ts';
import { EXIT } from '../exit.ts';
import { type LoginStep, type TriedLogin, tryLogin } from '../login.ts';
import { openForReading, type ReadingOptions } from '../opened.ts';
import { readPassword } from '../password.ts';
import { mustBeServed } from '../person.ts';
import { shownText } from '../text/look.ts';
import { exitWith, print, printJson, verb } from '../verb.ts';

export const command = verb('login', {
  more:
    'The password is asked for, or read from a pipe, and never shown. It is tried as the daemon would, but whatever wrong ' +
    'passwords were given before: a wrong one counts at the directory like any other, and not at the daemon.',
  exits: { fine: 'the login is accepted', finding: 'it is not', failed: 'the password could not be checked' },
  examples: [
    ['rosterd login a.lin', 'which server was asked, whom it found, what it answered, and what that means'],
    ['rosterd login a.lin --json < password', 'the same for a script, which gives the password'],
  ],
})
  .argument('<USER>', 'the username, as OMFLOW knows it')
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (username: string, options: ReadingOptions) => {
    await using opened = await openForReading(options);
    const { config, store, look } = opened;
    const { login } = await mustBeServed(username, store);
    const password = await readPassword(`password of ${username}: `);
    const steps: LoginStep[] = [];
    const tried = await tryLogin(
      config,
      { username, password },
      {
        loginOf: servedLogins(store),
        onStep(step) {
          steps.push(step);
          if (!options.json) print([`${String(step.ms).padStart(6)} ms  ${shownText(step.text, look)}`]);
        },
      },
    );
    const told = toldTo(config, tried.result);
    if (options.json)
      printJson({ event: 'login', username, login, ...outcomeOf(tried.result, tried.took), told, steps }, look);
    else print(verdictLines(username, tried, told).map(line => shownText(line, look)));
    exitWith(exitOf(tried.result));
  });

/** What OMFLOW's user reads; nothing when they are let in. */
function toldTo({ language }: Config, result: LoginResult): string | undefined {
  const answer = answerOf(result);
  return answer.status === 'accepted' ? undefined : loginText(WORDS[language], answer);
}

function verdictLines(username: string, { result, took }: TriedLogin, told: string | undefined): string[] {
  const by = result.by === undefined ? '' : ` by ${result.by}`;
  const verdict = `${username} is ${VERDICTS[result.status]}${by}, after ${took} ms`;
  if (result.status === 'accepted') {
    return [
      verdict,
      `if OMFLOW still says no, the daemon refuses them after wrong passwords: its log tells, and "rosterd unlock ${username}" ends it`,
    ];
  }
  return [`${verdict}: ${result.why}`, `OMFLOW is told: ${told}`];
}

const VERDICTS: Readonly<Record<LoginResult['status'], string>> = {
  accepted: 'accepted',
  refused: 'refused',
  barred: 'not let in',
  unavailable: 'not checked',
};

function exitOf({ status }: LoginResult) {
  if (status === 'accepted') return EXIT.fine;
  return status === 'unavailable' ? EXIT.failed : EXIT.finding;
}
