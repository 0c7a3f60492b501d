import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Language } from '../../src/config/schema.ts';
import { FAILURES, type Failure } from '../../src/http/failure.ts';
import type { Bar } from '../../src/http/login.ts';
import { loginText, refusalText, WORDS } from '../../src/http/messages.ts';
import type { SyncRefusal } from '../../src/http/roster.ts';
import type { ChangeCounts } from '../../src/roster/model.ts';
import { ask, assertFails, login, openHouse } from './house.ts';

const LANGUAGES = ['en', 'zh-TW', 'ja'] as const satisfies Language[];
const since = new Date('2026-03-01T08:15:42Z');
const why = 'source hr: connection refused';
/** Each another number, so that no two of them can be mistaken for one another. */
const changes: ChangeCounts = {
  people_added: 1,
  people_modified: 20,
  people_removed: 3456,
  people_renamed: 4,
  departments_added: 5,
  departments_modified: 6,
  departments_removed: 7,
  memberships_added: 80,
  memberships_removed: 90,
};
const REFUSALS: SyncRefusal[] = [
  { reason: 'first_pull_running' },
  { reason: 'nothing_published', why },
  { reason: 'held', hold: 7, changes, why },
  { reason: 'stale', since, why },
  { reason: 'unavailable' },
];

const REFUSED: Record<Language, string[]> = {
  en: [
    'The first pull is still running. Try again in a few minutes.',
    `Nothing has been published yet. Run \`rosterd status\` on the server of rosterd. Reason: ${why}`,
    `Hold 7 waits for an administrator's decision (people +1 ~24 -3456, departments +5 ~6 -7). Run \`rosterd review 7\` on the server of rosterd. Reason: ${why}`,
    `The data could not be refreshed since 2026-03-01 08:15 UTC. Run \`rosterd status\` on the server of rosterd. Reason: ${why}`,
    'The roster cannot be read now. Run `rosterd status` on the server of rosterd.',
  ],
  'zh-TW': [
    '第一次資料擷取仍在進行中，請於幾分鐘後再試。',
    `尚未發布任何名冊。請在 rosterd 伺服器上執行 \`rosterd status\`。原因：${why}`,
    `保留案 7 正等待管理員決定（人員 +1 ~24 -3456，部門 +5 ~6 -7）。請在 rosterd 伺服器上執行 \`rosterd review 7\`。原因：${why}`,
    `自 2026-03-01 08:15 UTC 起資料無法更新。請在 rosterd 伺服器上執行 \`rosterd status\`。原因：${why}`,
    '目前無法讀取名冊。請在 rosterd 伺服器上執行 `rosterd status`。',
  ],
  ja: [
    '最初のデータ取得がまだ実行中です。数分後に再試行してください。',
    `まだ何も公開されていません。rosterd のサーバーで \`rosterd status\` を実行してください。理由：${why}`,
    `保留 7 が管理者の判断を待っています（人員 +1 ~24 -3456、部門 +5 ~6 -7）。rosterd のサーバーで \`rosterd review 7\` を実行してください。理由：${why}`,
    `2026-03-01 08:15 UTC からデータを更新できていません。rosterd のサーバーで \`rosterd status\` を実行してください。理由：${why}`,
    '現在、名簿を読み出せません。rosterd のサーバーで `rosterd status` を実行してください。',
  ],
};

const LOGINS: Record<Language, [refused: string, unavailable: string]> = {
  en: ['account or password is incorrect', 'cannot check passwords now'],
  'zh-TW': ['帳號或密碼不正確', '目前無法驗證密碼'],
  ja: ['アカウントまたはパスワードが正しくありません', '現在パスワードを確認できません'],
};

const BARRED: Record<Language, Record<Bar, string>> = {
  en: {
    password_expired: 'the password has expired or must be changed; change it and log in again',
    account_disabled: 'the account is disabled or has expired; ask your administrator',
    not_now: 'logging in is not allowed now or from here',
    locked_out: 'the account is locked; try again later or ask your administrator',
  },
  'zh-TW': {
    password_expired: '密碼已過期或必須變更；請變更密碼後再登入',
    account_disabled: '帳號已停用或已過期；請洽系統管理員',
    not_now: '目前的時間或所在位置不允許登入',
    locked_out: '帳號已鎖定；請稍後再試，或洽系統管理員',
  },
  ja: {
    password_expired:
      'パスワードの有効期限が切れているか、変更が必要です。パスワードを変更してから、もう一度ログインしてください',
    account_disabled: 'アカウントが無効になっているか、有効期限が切れています。システム管理者に問い合わせてください',
    not_now: '現在の時間帯または場所からのログインは許可されていません',
    locked_out:
      'アカウントはロックアウトされています。しばらくしてから再試行するか、システム管理者に問い合わせてください',
  },
};

/** A phrase that every failure must have, so that no two texts were swapped in any language. */
const PHRASES: Record<Failure, [en: RegExp, zhTW: RegExp, ja: RegExp]> = {
  malformed: [/not well-formed HTTP/, /格式正確的 HTTP/, /正しい形式の HTTP/],
  body_unreadable: [/Content-Encoding/, /Content-Encoding/, /Content-Encoding/],
  body_not_utf8: [/body is not UTF-8/, /不是 UTF-8$/, /UTF-8 ではありません$/],
  body_not_json: [/JSON object/, /JSON 物件/, /JSON オブジェクト/],
  body_not_form: [/form with the fields/, /UTF-8 表單/, /フォーム/],
  body_repeats_key: [/same name twice/, /重複/, /重複/],
  unauthorized: [/Basic auth/, /Basic 驗證/, /Basic 認証/],
  forbidden: [/scopes/, /scopes/, /scopes/],
  not_found: [/POST \/sync and POST \/authenticate/, /POST \/sync 與 POST \/authenticate/, /POST \/sync と POST/],
  method_not_allowed: [/made with POST/, /使用 POST/, /POST を使って/],
  too_slow: [/too long to arrive/, /傳送時間過長/, /時間がかかりすぎ/],
  body_too_large: [/larger than 16 KiB/, /超過 16 KiB/, /16 KiB を超え/],
  too_many_failures: [/too many calls/, /呼叫過多/, /多すぎます/],
  headers_too_large: [/headers are too long/, /標頭過長/, /ヘッダーが長すぎ/],
  internal: [/under incident $/, /事件編號：$/, /インシデント番号：$/],
  starting: [/is starting/, /正在啟動/, /起動中/],
  draining: [/is stopping/, /正在停止/, /停止中/],
};

for (const [index, language] of LANGUAGES.entries()) {
  test(`${language}: /sync says why there is no roster`, async () => {
    await using house = await openHouse({ language });
    for (const [at, refusal] of REFUSALS.entries()) {
      house.roster.current = { status: 'fail', refusal };
      assert.equal(assertFails(await ask(house, '/sync'), 200), REFUSED[language][at]);
    }
  });

  test(`${language}: /authenticate says no, and that it cannot say`, async () => {
    await using house = await openHouse({ language });
    const body = '{"username":"alice","password":"wrong"}';
    assert.equal(assertFails(await login(house, body), 200), LOGINS[language][0]);
    house.login.down = true;
    assert.equal(assertFails(await login(house, body), 200), LOGINS[language][1]);
  });

  test(`${language}: who may not log in is told why`, () => {
    for (const [bar, text] of Object.entries(BARRED[language])) {
      assert.equal(loginText(WORDS[language], { status: 'barred', bar: bar as Bar }), text);
      assert.ok(text.length <= 300);
    }
  });

  test(`${language}: every failure has its own text`, () => {
    const { failures } = WORDS[language];
    for (const failure of Object.keys(FAILURES) as Failure[]) {
      const phrase = PHRASES[failure][index];
      assert.ok(phrase);
      assert.match(failures[failure], phrase);
      assert.ok(failures[failure].length <= 260, 'an incident must fit behind it');
    }
  });
}

test('a long reason is cut between graphemes at 300 characters', () => {
  const family = '👩‍👩‍👧‍👦';
  for (const long of ['x'.repeat(1000), family.repeat(200), '字'.repeat(1000), 'e\u0301'.repeat(500)]) {
    for (const language of LANGUAGES) {
      const text = refusalText(WORDS[language], { reason: 'held', hold: 123456, changes, why: long });
      assert.ok(text.length <= 300 && text.length > 300 - family.length - 1, `${text.length}`);
      assert.match(text, /…$/);
      assert.match(text, /-3456.*-7.*rosterd review 123456/);
      assert.ok(text.isWellFormed());
      assert.doesNotMatch(text, /e…$|\u200d…$/u);
    }
  }
});

test('300 characters are kept whole', () => {
  const words = WORDS.en;
  const room = 300 - words.nothingPublished.length;
  const text = (length: number) => refusalText(words, { reason: 'nothing_published', why: 'y'.repeat(length) });
  assert.equal(text(room).length, 300);
  assert.match(text(room), /y$/);
  assert.match(text(room + 1), /y…$/);
  assert.equal(text(room + 1).length, 300);
});

test('a reason of several lines becomes one', () => {
  const text = refusalText(WORDS.en, { reason: 'nothing_published', why: 'one\r\n\ttwo\u0000\u2028three\n' });
  assert.match(text, /Reason: one two three$/);
});
