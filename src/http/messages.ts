import type { Language } from '../config/schema.ts';
import type { ChangeCounts } from '../roster/model.ts';
import type { Failure } from './failure.ts';
import type { Bar, LoginAnswer } from './login.ts';
import type { SyncRefusal } from './roster.ts';

const MAX_LENGTH = 300;

/** Everything that we say to OMFLOW in one language. A text that ends in a variable part leaves it to the caller to add. */
export interface Words {
  readonly failures: Readonly<Record<Failure, string>>;
  readonly loginRefused: string;
  readonly loginBarred: Readonly<Record<Bar, string>>;
  readonly loginUnavailable: string;
  readonly firstPullRunning: string;
  readonly unavailable: string;
  readonly nothingPublished: string;
  readonly held: (hold: number, sizes: Sizes) => string;
  readonly stale: (since: string) => string;
}

/** What a candidate would add, modify and remove, in signs that need no language: `+1 ~2 -40`. */
interface Sizes {
  readonly people: string;
  readonly departments: string;
}

const sizesOf = (changes: ChangeCounts): Sizes => ({
  people: `+${changes.people_added} ~${changes.people_modified + changes.people_renamed} -${changes.people_removed}`,
  departments: `+${changes.departments_added} ~${changes.departments_modified} -${changes.departments_removed}`,
});

/** Why `/sync` has no roster to give; what a run said about it comes last, so that only that is ever cut. */
export function refusalText(words: Words, refusal: SyncRefusal): string {
  switch (refusal.reason) {
    case 'first_pull_running':
      return words.firstPullRunning;
    case 'unavailable':
      return words.unavailable;
    case 'nothing_published':
      return short(`${words.nothingPublished}${refusal.why}`);
    case 'held':
      return short(`${words.held(refusal.hold, sizesOf(refusal.changes))}${refusal.why}`);
    case 'stale':
      return short(`${words.stale(minute(refusal.since))}${refusal.why}`);
  }
}

/** What somebody reads whom `/authenticate` does not let in. */
export function loginText(words: Words, answer: Exclude<LoginAnswer, { status: 'accepted' }>): string {
  switch (answer.status) {
    case 'refused':
      return words.loginRefused;
    case 'barred':
      return words.loginBarred[answer.bar];
    case 'unavailable':
      return words.loginUnavailable;
  }
}

/** `2026-03-01 08:15 UTC`. */
const minute = (time: Date) => `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** One line of at most 300 characters (UTF-16 units, the strictest way to count), cut between graphemes. */
function short(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trimEnd();
  if (line.length <= MAX_LENGTH) return line;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    if (kept.length + segment.length >= MAX_LENGTH) break;
    kept += segment;
  }
  return `${kept}…`;
}

const en: Words = {
  failures: {
    malformed: 'the request is not well-formed HTTP',
    body_unreadable:
      'the request body is not compressed as Content-Encoding says; send it as it is, or as gzip or deflate',
    body_not_utf8: 'the request body is not UTF-8',
    body_not_json: 'the request body is not a JSON object with two strings, "username" and "password"',
    body_not_form: 'the request body is not a form with the fields "username" and "password" in UTF-8',
    body_repeats_key: 'the request body gives the same name twice',
    unauthorized: 'the name or token of the client (Basic auth) is missing or wrong',
    forbidden: 'this client is not allowed to make this call; its scopes are in the configuration of rosterd',
    not_found: 'there is nothing here; the calls are POST /sync and POST /authenticate',
    method_not_allowed: 'this call is made with POST',
    too_slow: 'the request took too long to arrive',
    body_too_large: 'the request body is larger than 16 KiB',
    too_many_failures: 'too many calls with a missing or wrong token; try again later',
    headers_too_large: 'the request headers are too long',
    internal: 'rosterd has failed; its log tells more under incident ',
    starting: 'rosterd is starting; try again in a few seconds',
    draining: 'rosterd is stopping; try again in a few seconds',
  },
  loginRefused: 'account or password is incorrect',
  loginBarred: {
    password_expired: 'the password has expired or must be changed; change it and log in again',
    account_disabled: 'the account is disabled or has expired; ask your administrator',
    not_now: 'logging in is not allowed now or from here',
    locked_out: 'the account is locked; try again later or ask your administrator',
  },
  loginUnavailable: 'cannot check passwords now',
  firstPullRunning: 'The first pull is still running. Try again in a few minutes.',
  unavailable: 'The roster cannot be read now. Run `rosterd status` on the server of rosterd.',
  nothingPublished: 'Nothing has been published yet. Run `rosterd status` on the server of rosterd. Reason: ',
  held: (hold, { people, departments }) =>
    `Hold ${hold} waits for an administrator's decision (people ${people}, departments ${departments}). Run \`rosterd review ${hold}\` on the server of rosterd. Reason: `,
  stale: since =>
    `The data could not be refreshed since ${since}. Run \`rosterd status\` on the server of rosterd. Reason: `,
};

const zhTW: Words = {
  failures: {
    malformed: '此請求不是格式正確的 HTTP',
    body_unreadable: '請求內容與 Content-Encoding 所述的壓縮方式不符；請不壓縮，或使用 gzip 或 deflate',
    body_not_utf8: '請求內容不是 UTF-8',
    body_not_json: '請求內容不是含有 "username" 與 "password" 兩個字串的 JSON 物件',
    body_not_form: '請求內容不是含有 "username" 與 "password" 欄位的 UTF-8 表單',
    body_repeats_key: '請求內容中有重複的名稱',
    unauthorized: '缺少用戶端名稱或權杖（Basic 驗證），或其不正確',
    forbidden: '此用戶端無權進行此呼叫；其 scopes 列於 rosterd 的設定檔',
    not_found: '此處沒有內容；可用的呼叫為 POST /sync 與 POST /authenticate',
    method_not_allowed: '此呼叫必須使用 POST',
    too_slow: '請求傳送時間過長',
    body_too_large: '請求內容超過 16 KiB',
    too_many_failures: '缺少權杖或權杖錯誤的呼叫過多；請稍後再試',
    headers_too_large: '請求標頭過長',
    internal: 'rosterd 發生錯誤；詳情請見其記錄檔，事件編號：',
    starting: 'rosterd 正在啟動；請於數秒後再試',
    draining: 'rosterd 正在停止；請於數秒後再試',
  },
  loginRefused: '帳號或密碼不正確',
  loginBarred: {
    password_expired: '密碼已過期或必須變更；請變更密碼後再登入',
    account_disabled: '帳號已停用或已過期；請洽系統管理員',
    not_now: '目前的時間或所在位置不允許登入',
    locked_out: '帳號已鎖定；請稍後再試，或洽系統管理員',
  },
  loginUnavailable: '目前無法驗證密碼',
  firstPullRunning: '第一次資料擷取仍在進行中，請於幾分鐘後再試。',
  unavailable: '目前無法讀取名冊。請在 rosterd 伺服器上執行 `rosterd status`。',
  nothingPublished: '尚未發布任何名冊。請在 rosterd 伺服器上執行 `rosterd status`。原因：',
  held: (hold, { people, departments }) =>
    `保留案 ${hold} 正等待管理員決定（人員 ${people}，部門 ${departments}）。請在 rosterd 伺服器上執行 \`rosterd review ${hold}\`。原因：`,
  stale: since => `自 ${since} 起資料無法更新。請在 rosterd 伺服器上執行 \`rosterd status\`。原因：`,
};

const ja: Words = {
  failures: {
    malformed: 'リクエストが正しい形式の HTTP ではありません',
    body_unreadable:
      'リクエスト本文が Content-Encoding のとおりに圧縮されていません。無圧縮、gzip、deflate のいずれかで送ってください',
    body_not_utf8: 'リクエスト本文が UTF-8 ではありません',
    body_not_json: 'リクエスト本文が、文字列 "username" と "password" を持つ JSON オブジェクトではありません',
    body_not_form: 'リクエスト本文が、"username" と "password" の項目を持つ UTF-8 のフォームではありません',
    body_repeats_key: 'リクエスト本文に同じ名前が重複しています',
    unauthorized: 'クライアントの名前またはトークン（Basic 認証）がないか、正しくありません',
    forbidden: 'このクライアントにはこの呼び出しが許可されていません。scopes は rosterd の設定にあります',
    not_found: 'ここには何もありません。呼び出しは POST /sync と POST /authenticate です',
    method_not_allowed: 'この呼び出しには POST を使ってください',
    too_slow: 'リクエストの受信に時間がかかりすぎました',
    body_too_large: 'リクエスト本文が 16 KiB を超えています',
    too_many_failures: 'トークンのない、または誤った呼び出しが多すぎます。しばらくしてから再試行してください',
    headers_too_large: 'リクエストヘッダーが長すぎます',
    internal: 'rosterd でエラーが発生しました。詳細はログにあります。インシデント番号：',
    starting: 'rosterd は起動中です。数秒後に再試行してください',
    draining: 'rosterd は停止中です。数秒後に再試行してください',
  },
  loginRefused: 'アカウントまたはパスワードが正しくありません',
  loginBarred: {
    password_expired:
      'パスワードの有効期限が切れているか、変更が必要です。パスワードを変更してから、もう一度ログインしてください',
    account_disabled: 'アカウントが無効になっているか、有効期限が切れています。システム管理者に問い合わせてください',
    not_now: '現在の時間帯または場所からのログインは許可されていません',
    locked_out:
      'アカウントはロックアウトされています。しばらくしてから再試行するか、システム管理者に問い合わせてください',
  },
  loginUnavailable: '現在パスワードを確認できません',
  firstPullRunning: '最初のデータ取得がまだ実行中です。数分後に再試行してください。',
  unavailable: '現在、名簿を読み出せません。rosterd のサーバーで `rosterd status` を実行してください。',
  nothingPublished: 'まだ何も公開されていません。rosterd のサーバーで `rosterd status` を実行してください。理由：',
  held: (hold, { people, departments }) =>
    `保留 ${hold} が管理者の判断を待っています（人員 ${people}、部門 ${departments}）。rosterd のサーバーで \`rosterd review ${hold}\` を実行してください。理由：`,
  stale: since =>
    `${since} からデータを更新できていません。rosterd のサーバーで \`rosterd status\` を実行してください。理由：`,
};

/** What we say to OMFLOW, by the configuration's `language`. */
export const WORDS: Readonly<Record<Language, Words>> = { en, 'zh-TW': zhTW, ja };
