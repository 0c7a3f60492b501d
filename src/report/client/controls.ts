import type { Context } from './context.ts';
import { fill, h } from './dom.ts';
import { type Filter, NO_FILTER, type Tallies } from './filters.ts';
import { labelText } from './foreign.ts';
import { type Items, KINDS, type Kind } from './items.ts';
import { kindMark } from './rows.ts';
import type { Speech } from './words.ts';

/** What a reader chooses with. */
export interface Controls {
  readonly element: HTMLFormElement;
  /** What is chosen now. */
  filter(): Filter;
  /** Tells how many each choice would leave. */
  tell(tallies: Tallies): void;
}

/** How controls are called, and who is called after every choice. */
export interface ControlTerms {
  readonly label: string;
  changed(): void;
}

/** The search, the kinds, and whatever else there is to choose by. */
export function filterControls(all: Items, context: Context, { label, changed }: ControlTerms): Controls {
  const { speech } = context;
  const search = h('input', {
    type: 'search',
    placeholder: speech.words.filters.hint,
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const kinds = chipGroup({ title: speech.words.filters.kinds, choices: kindChoices(all, context), changed }, speech);
  const fields = chipGroup(
    { title: speech.words.filters.fields, choices: choicesOf(all, item => item.fields), changed },
    speech,
  );
  const sources = chipGroup(
    { title: speech.words.filters.sources, choices: sourceChoices(all, context), changed },
    speech,
  );
  const departments = departmentSelect(all, context, changed);
  const summary = h('summary');
  const more = h('details', { class: 'filters' }, summary, fields.element, sources.element, departments.element);
  const clear = h('button', { type: 'reset' }, speech.words.filters.clear);
  const element = h(
    'form',
    {
      class: 'controls',
      role: 'search',
      'aria-label': label,
      onsubmit: event => event.preventDefault(),
    },
    h('label', { class: 'search' }, h('span', {}, speech.words.filters.search), ' ', search),
    kinds.element,
    more,
    clear,
  );
  search.addEventListener('input', changed);
  // The event comes before the fields are empty.
  element.addEventListener('reset', () => setTimeout(changed));
  const filter = () => ({
    ...NO_FILTER,
    query: search.value,
    kinds: kinds.chosen(),
    fields: fields.chosen(),
    sources: sources.chosen(),
    department: departments.chosen(),
  });
  let told: Tallies | undefined;
  more.addEventListener('toggle', () => told && more.open && departments.tell(told.departments));
  return {
    element,
    filter,
    tell(tallies) {
      told = tallies;
      kinds.tell(tallies.kinds);
      fields.tell(tallies.fields);
      sources.tell(tallies.sources);
      if (more.open) departments.tell(tallies.departments);
      const chosen = filter();
      const used = chosen.fields.size + chosen.sources.size + (chosen.department === '' ? 0 : 1);
      fill(summary, used > 0 ? speech.say(speech.words.filters.used, { count: used }) : speech.words.filters.more);
      clear.hidden = used + chosen.kinds.size === 0 && chosen.query === '';
    },
  };
}

/** A value to choose by, and how it is shown. */
interface Choice {
  readonly value: string;
  readonly label: Node;
}

const everyItem = (all: Items) => [...all.people, ...all.departments, ...all.memberships, ...all.quarantined];

function choicesOf(all: Items, valuesOf: (item: ReturnType<typeof everyItem>[number]) => readonly string[]): Choice[] {
  const values = new Set(everyItem(all).flatMap(valuesOf));
  return [...values].sort().map(value => ({ value, label: new Text(labelText(value)) }));
}

function kindChoices(all: Items, context: Context): Choice[] {
  const found = new Set<Kind>(everyItem(all).map(item => item.kind));
  return KINDS.filter(kind => found.has(kind)).map(kind => ({ value: kind, label: kindMark(kind, context) }));
}

const sourceChoices = (all: Items, { speech }: Context): Choice[] =>
  choicesOf(all, item => item.sources).map(choice =>
    choice.value === '' ? { ...choice, label: new Text(speech.words.filters.noSource) } : choice,
  );

interface ChipTerms {
  readonly title: string;
  readonly choices: readonly Choice[];
  readonly changed: () => void;
}

/** Boxes to check, any number of them. */
interface ChipGroup {
  readonly element: HTMLElement;
  chosen(): ReadonlySet<string>;
  tell(tally: ReadonlyMap<string, number>): void;
}

/** Nothing is seen of it when there is only one choice. */
function chipGroup({ title, choices, changed }: ChipTerms, speech: Speech): ChipGroup {
  const chips = choices.map(({ value, label }) => {
    const box = h('input', { type: 'checkbox', onchange: changed });
    const count = h('span', { class: 'amount' });
    return { value, box, count, element: h('label', { class: 'chip' }, box, ' ', label, ' ', count) };
  });
  const element = h(
    'fieldset',
    { class: 'chips', hidden: choices.length < 2 },
    h('legend', {}, title),
    chips.map(chip => chip.element),
  );
  return {
    element,
    chosen: () => new Set(chips.filter(chip => chip.box.checked).map(chip => chip.value)),
    tell(tally) {
      for (const { value, count, element } of chips) {
        const found = tally.get(value) ?? 0;
        fill(count, speech.count(found));
        element.classList.toggle('none', found === 0);
      }
    },
  };
}

/** One department of those that the changes are about, in the order of the tree. */
function departmentSelect(all: Items, { departments, speech }: Context, changed: () => void) {
  const concerned = new Set(everyItem(all).flatMap(item => [...item.within]));
  const known = new Set(departments.codes);
  const codes = [
    ...departments.codes.filter(code => concerned.has(code)),
    ...[...concerned].filter(one => !known.has(one)),
  ];
  const select = h('select', { onchange: changed }, h('option', { value: '' }, speech.words.filters.everyDepartment));
  const element = h(
    'label',
    { class: 'department', hidden: codes.length < 2 },
    h('span', {}, `${speech.words.filters.department} · ${speech.words.filters.below}`),
    ' ',
    select,
  );
  return {
    element,
    chosen: () => select.value,
    /** The choices are made when they are told for the first time, for there may be thousands. */
    tell(tally: ReadonlyMap<string, number>) {
      if (select.length === 1) select.append(...codes.map(code => h('option', { value: code })));
      for (const [at, code] of codes.entries()) {
        const indent = '\u2003'.repeat(Math.min(8, departments.upwards(code).size - 1));
        const name = `${labelText(code)} ${labelText(departments.name(code))}`.trim();
        const option = select.options[at + 1];
        if (option) option.text = `${indent}${name} · ${speech.count(tally.get(code) ?? 0)}`;
      }
    },
  };
}
