import type { DiffData, StepData } from '../data.ts';
import { ask } from './ask.ts';
import type { Context } from './context.ts';
import { type Child, fill, h, withBetween } from './dom.ts';
import { briefText, foreignText } from './foreign.ts';
import { shellQuoted, suggestions } from './names.ts';
import { failureNote, waitingNote } from './notes.ts';
import { departmentName, fieldList, kindMark, sourceNote, valueList } from './rows.ts';

/** One person's history, and a way to ask for it. */
export interface PersonView {
  readonly element: HTMLElement;
  show(username: string): void;
  /** Takes in names that may be suggested. */
  learnFrom(diff: DiffData): void;
}

export function personView(context: Context, shown: (username: string) => void): PersonView {
  const { data, speech } = context;
  const { words } = speech;
  const names = new Set(Object.keys(data.histories));
  const list = h('datalist', { id: 'usernames' });
  const input = h('input', {
    type: 'text',
    list: 'usernames',
    autocomplete: 'off',
    spellcheck: 'false',
    required: true,
  });
  const suggest = () =>
    fill(
      list,
      suggestions(names, input.value).map(value => h('option', { value })),
    );
  input.addEventListener('input', suggest);
  input.addEventListener('focus', suggest);
  const result = h('div', { class: 'result' }, h('p', { class: 'muted' }, words.person.none));
  const histories = historyIn(result, context);
  const show = (username: string) => {
    input.value = username;
    histories(username);
    shown(username);
  };
  const element = h(
    'div',
    { class: 'person' },
    h(
      'form',
      {
        class: 'controls',
        onsubmit: event => {
          event.preventDefault();
          if (input.value.trim() !== '') show(input.value.trim());
        },
      },
      h('label', {}, h('span', {}, words.person.label), ' ', input),
      list,
      h('button', { type: 'submit' }, words.person.show),
    ),
    result,
  );
  return {
    element,
    show,
    learnFrom(diff) {
      for (const { username } of diff.people) names.add(username);
      for (const { username } of diff.memberships) names.add(username);
    },
  };
}

/** Shows one history after the other; what is still waited for when the next is wanted is given up. */
function historyIn(place: HTMLElement, context: Context): (username: string) => void {
  const { data, speech } = context;
  const { words } = speech;
  let waiting = new AbortController();
  const show = (username: string, ...children: readonly Child[]) => {
    const parts = speech.parts<Child>(words.person.caption, { name: briefText(username, context) });
    const title = h('h3', { tabindex: -1 }, parts);
    fill(place, title, ...children);
    return title;
  };
  const fetchSteps = async (username: string) => {
    const { signal } = waiting;
    show(username, waitingNote(words.person.loading)).focus({ preventScroll: true });
    const address = `report/person.json?name=${encodeURIComponent(username.toWellFormed())}`;
    const answer = await ask<StepData[]>(address, speech, signal);
    if (signal.aborted) return;
    if (answer.status === 'answered') show(username, historySteps(answer.value, context));
    else if (answer.status === 'missing') show(username, h('p', { role: 'status' }, words.person.unknown));
    else {
      const text = speech.say(words.person.failed, { why: answer.why });
      show(
        username,
        failureNote(text, () => start(username), speech),
      );
    }
  };
  const start = (username: string) => {
    // Whoever gave up an answer does not want to hear of it.
    fetchSteps(username).catch(() => {});
  };
  return username => {
    waiting.abort();
    waiting = new AbortController();
    const steps = Object.hasOwn(data.histories, username) ? data.histories[username] : undefined;
    if (steps) show(username, historySteps(steps, context)).focus({ preventScroll: true });
    else if (data.live) start(username);
    else show(username, absentHistory(username, context)).focus({ preventScroll: true });
  };
}

const absentHistory = (username: string, { speech }: Context) =>
  h(
    'p',
    {},
    speech.words.person.absent,
    ' ',
    h('code', {}, 'rosterd person ', foreignText(shellQuoted(username), { speech })),
  );

/** Newest first. */
const historySteps = (steps: readonly StepData[], context: Context): HTMLElement =>
  h(
    'ol',
    { class: 'history' },
    steps.toReversed().map(step => h('li', {}, stepHead(step, context), stepBody(step, context))),
  );

function stepHead({ snapshot, at, event, reason, source }: StepData, context: Context): HTMLElement {
  const { data, speech } = context;
  const { words } = speech;
  const name = speech.say(words.pair.short, { number: String(snapshot) });
  const isKept = data.snapshots.some(one => one.number === snapshot);
  return h(
    'p',
    { class: 'step' },
    isKept
      ? h('button', { type: 'button', class: 'link', onclick: () => context.showSnapshot(snapshot) }, name)
      : h('span', {}, name),
    ' ',
    at === undefined
      ? h('span', { class: 'muted' }, words.person.notKept)
      : h('time', { class: 'muted', datetime: at }, speech.time(at)),
    ' ',
    kindMark(event, context),
    ' ',
    reason !== '' && words.diff.reasons[reason],
    ' ',
    sourceNote(source, context),
  );
}

function stepBody({ event, fields, joined, left }: StepData, context: Context): Child {
  const { person } = context.speech.words;
  const isWhole = event === 'added' || event === 'removed';
  return [
    fields.length > 0 && (isWhole ? valueList(fields, context) : fieldList(fields, context)),
    moved(person.joined, joined, 'added', context),
    moved(person.left, left, 'removed', context),
  ];
}

/** Into which departments, or out of which. */
function moved(text: string, codes: readonly string[], kind: 'added' | 'removed', context: Context): Child {
  if (codes.length === 0) return undefined;
  const names = withBetween(
    codes.map(code => h('span', {}, departmentName(code, context))),
    ', ',
  );
  const sign = kind === 'added' ? '+ ' : '- ';
  return h(
    'p',
    { class: 'moved' },
    h('span', { class: kind }, sign),
    context.speech.parts<Child>(text, { departments: names }),
  );
}
