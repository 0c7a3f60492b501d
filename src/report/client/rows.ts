import type { FieldData } from '../data.ts';
import { looksAlike } from './alike.ts';
import type { Context } from './context.ts';
import { type Child, h } from './dom.ts';
import { briefText, foreignText, foreignValue, labelText, spelledValue } from './foreign.ts';
import type { Item, Items, Kind } from './items.ts';
import type { Speech } from './words.ts';

/**
 * How changes look, each in a row of its table. Roles are said in so many words: on narrow screens rows are laid out otherwise,
 * and a browser would take them for no table then.
 */

const SIGNS: Readonly<Record<Kind, string>> = {
  added: '+',
  modified: '~',
  removed: '-',
  renamed: 'R',
  came: '+',
  went: '-',
  quarantined: '!',
};

/** The class that gives a kind its colour. */
export const KIND_CLASSES: Readonly<Record<Kind, string>> = {
  added: 'added',
  modified: 'modified',
  removed: 'removed',
  renamed: 'renamed',
  came: 'added',
  went: 'removed',
  quarantined: 'held',
};

/** What happened, in a word. */
export const kindWord = (kind: Kind, { words: { diff } }: Speech): string =>
  kind === 'came' || kind === 'went' ? diff[kind] : diff.events[kind];

/** A sign and a word, so that nothing is told by a colour alone. */
export const kindMark = (kind: Kind, { speech }: Pick<Context, 'speech'>): HTMLElement =>
  h(
    'span',
    { class: `kind ${KIND_CLASSES[kind]}` },
    h('span', { class: 'sign' }, SIGNS[kind]),
    ' ',
    kindWord(kind, speech),
  );

/** A username that opens its history. */
export const personButton = (username: string, context: Context, sign?: 'came' | 'went'): HTMLElement =>
  h(
    'button',
    {
      type: 'button',
      class: sign ? `link name ${KIND_CLASSES[sign]}` : 'link name',
      title: context.speech.say(context.speech.words.diff.history, { name: labelText(username) }),
      onclick: () => context.showPerson(username),
    },
    sign && [h('span', { 'aria-hidden': 'true' }, `${SIGNS[sign]} `), hiddenWord(`${kindWord(sign, context.speech)} `)],
    briefText(username, context),
  );

const hiddenWord = (text: string) => h('span', { class: 'hidden-visually' }, text);

/** Who gave something, in parentheses as the commands have it. */
export const sourceNote = (source: string, { speech }: Pick<Context, 'speech'>): Child =>
  source !== '' &&
  h(
    'span',
    { class: 'muted source', title: speech.say(speech.words.diff.from, { source: labelText(source) }) },
    '(',
    briefText(source, { speech }),
    ')',
  );

/** `email  old → new  (hr)` for each field. */
export const fieldList = (fields: readonly FieldData[], context: Context): HTMLElement =>
  listOf(fields, one => oldAndNew(one, context), context);

/** The fields of somebody new, or of somebody who went: there is one side alone. */
export const valueList = (fields: readonly FieldData[], context: Context): HTMLElement =>
  listOf(fields, one => foreignValue(one.new || one.old, context), context);

const listOf = (fields: readonly FieldData[], shown: (field: FieldData) => Child, context: Context): HTMLElement =>
  h(
    'ul',
    { class: 'fields' },
    fields.map(one =>
      h(
        'li',
        {},
        h('span', { class: 'field mono' }, briefText(one.field, context)),
        ' ',
        h('span', { class: 'values' }, shown(one), ' ', sourceNote(one.source, context)),
      ),
    ),
  );

function oldAndNew(field: FieldData, context: Context): Child {
  const alike = looksAlike(field.old, field.new);
  const shown = (value: string) => (alike ? spelledValue(value) : foreignValue(value, context));
  return [
    h('del', {}, shown(field.old)),
    h('span', { 'aria-hidden': 'true' }, ' → '),
    hiddenWord(` ${context.speech.words.diff.becomes} `),
    h('ins', {}, shown(field.new)),
  ];
}

/** A department's code, and its name where it is known. */
export function departmentName(code: string, context: Context): Child {
  const name = context.departments.name(code);
  return [
    h('span', { class: 'mono' }, briefText(code, context)),
    name !== '' && name !== code && [' ', briefText(name, context)],
  ];
}

/** Why somebody or something went, and who says so. */
const reasonNote = (reason: 'left' | 'missing' | '', source: string, context: Context): Child => [
  reason !== '' && ['· ', h('span', { class: 'why' }, context.speech.words.diff.reasons[reason])],
  ' ',
  sourceNote(source, context),
];

const cells = (kind: Kind, name: Child, what: Child, context: Context): HTMLTableRowElement =>
  h(
    'tr',
    { role: 'row' },
    h('td', { role: 'cell', class: 'mark' }, kindMark(kind, context)),
    h('th', { role: 'rowheader', scope: 'row' }, name),
    h('td', { role: 'cell', class: 'what' }, what),
  );

/** Somebody who came, went or changed. */
export function personRow({ change, kind }: Items['people'][number], context: Context): HTMLTableRowElement {
  const name = personButton(change.username, context);
  if (change.fields.length > 0) return cells(kind, name, fieldList(change.fields, context), context);
  const who = [
    foreignText(change.nick_name, context),
    change.email !== '' && [' ', h('span', { class: 'muted' }, '<', foreignText(change.email, context), '>')],
    change.departments.map(code => [' · ', departmentName(code, context)]),
  ];
  return cells(kind, name, [who, ' ', reasonNote(change.reason, change.source, context)], context);
}

/** A department that came, went or changed. */
export function departmentRow({ change, kind }: Items['departments'][number], context: Context): HTMLTableRowElement {
  const { speech } = context;
  const name = h('span', { class: 'mono' }, briefText(change.group_no, context));
  if (change.fields.length > 0) {
    const shown = [h('div', {}, foreignText(change.display_name, context)), fieldList(change.fields, context)];
    return cells(kind, name, shown, context);
  }
  const { parent_group_no: parent } = change;
  const where =
    parent === ''
      ? speech.words.diff.root
      : speech.parts<Child>(speech.words.diff.inDepartment, {
          department: h('span', {}, departmentName(parent, context)),
        });
  const what = [foreignText(change.display_name, context), ' · ', where];
  return cells(kind, name, [what, ' ', reasonNote(change.reason, change.source, context)], context);
}

/** One department with whoever came and went, as many as are to be shown. */
export function membershipRow(items: Items['memberships'], context: Context): HTMLTableRowElement {
  const [first] = items;
  return h(
    'tr',
    { role: 'row' },
    h('th', { role: 'rowheader', scope: 'row' }, first && departmentName(first.change.group_no, context)),
    h(
      'td',
      { role: 'cell', class: 'what' },
      h(
        'ul',
        { class: 'members' },
        items.map(item =>
          h(
            'li',
            {},
            personButton(item.change.username, context, item.kind === 'came' ? 'came' : 'went'),
            ' ',
            item.change.nick_name !== item.change.username &&
              h('span', { class: 'muted' }, briefText(item.change.nick_name, context)),
          ),
        ),
      ),
    ),
  );
}

/** Somebody or something that is kept out, and why. */
export const problemRow = (
  { change, kind }: Item<Items['quarantined'][number]['change']>,
  context: Context,
): HTMLTableRowElement =>
  cells(
    kind,
    change.name === '' ? context.speech.words.diff.noName : foreignText(change.name, context),
    [foreignText(change.text, context), ' ', sourceNote(change.source, context), ' ', codeNote(change.code, context)],
    context,
  );

const codeNote = (code: string, context: Context) => h('span', { class: 'mono muted' }, briefText(code, context));
