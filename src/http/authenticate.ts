import { type Context, fail, refuse, type Step } from './answer.ts';
import { inflated } from './body.ts';
import { type Credentials, readCredentials } from './credentials.ts';
import type { Failure } from './failure.ts';
import type { LoginService } from './login.ts';
import { loginText } from './messages.ts';

const SUCCESS = Buffer.from('{"status":"success"}');

/** `POST /authenticate`: whether a password is somebody's. */
export function authenticate(login: LoginService): Step {
  return async ctx => {
    const credentials = await credentialsIn(ctx);
    if (typeof credentials === 'string') return fail(ctx, credentials);
    const { requestId, client, words } = ctx.state;
    const answer = await login.check(credentials.username, credentials.password, { requestId, client });
    if (answer.status === 'accepted') ctx.body = SUCCESS;
    else refuse(ctx, loginText(words, answer));
  };
}

async function credentialsIn(ctx: Context): Promise<Credentials | Failure> {
  const body = await inflated(ctx.state.body, ctx.get('content-encoding'));
  return typeof body === 'string' ? body : readCredentials(body, ctx.get('content-type'));
}
