import { type Context, fail, refuse, type Step } from './answer.ts';
import { inflated } from './body.ts';
import { type Credentials, readCredentials } from './credentials.ts';
import type { Failure } from './failure.ts';
import type { LoginService } from './login.ts';

const SUCCESS = Buffer.from('{"status":"success"}');

/** `POST /authenticate`: whether a password is somebody's. */
export function authenticate(login: LoginService): Step {
  return async ctx => {
    const credentials = await credentialsIn(ctx);
    if (typeof credentials === 'string') return fail(ctx, credentials);
    const { requestId, client, words } = ctx.state;
    const answer = await login.check(credentials.username, credentials.password, { requestId, client });
    switch (answer.status) {
      case 'accepted':
        ctx.body = SUCCESS;
        return;
      case 'refused':
        return refuse(ctx, words.loginRefused);
      case 'unavailable':
        return refuse(ctx, words.loginUnavailable);
    }
  };
}

async function credentialsIn(ctx: Context): Promise<Credentials | Failure> {
  const body = await inflated(ctx.state.body, ctx.get('content-encoding'));
  return typeof body === 'string' ? body : readCredentials(body, ctx.get('content-type'));
}
