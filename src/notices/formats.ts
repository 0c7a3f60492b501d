import type { WebhookConfig } from '../config/notify.ts';
import type { Notice } from './notice.ts';
import { textOf, type Wording, type Words, wordsOf } from './words.ts';

/** The body of a webhook, by its format. */
export const FORMATS: Readonly<Record<WebhookConfig['format'], (notice: Notice, wording: Wording) => unknown>> = {
  json: payload,
  slack: (notice, wording) => ({ text: slackText(wordsOf(notice, wording)) }),
  teams: (notice, wording) => teamsCard(wordsOf(notice, wording)),
};

/** For programs, as Standard Webhooks has it: `type`, `timestamp`, `data`; what is in `data` is in `notice.ts`. */
function payload(notice: Notice, wording: Wording) {
  const { kind, at, ...facts } = notice;
  const words = wordsOf(notice, wording);
  const data = { ...facts, current: wording.isCurrent, title: words.title, text: textOf(words) };
  return { type: `rosterd.${kind}`, timestamp: at, data };
}

/** The three characters that mean something in every text for Slack. */
const SLACK: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escaped = (text: string) => text.replace(/[&<>]/g, one => SLACK[one] ?? one);

const slackText = (words: Words) => `*${escaped(words.title)}*\n\n${escaped(textOf(words))}`;

/** An adaptive card in a message, which is what a Teams workflow takes; in runs of text nothing is markup. */
function teamsCard(words: Words) {
  const lines = (text: string, more: object = {}) => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, ...more }],
  });
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [lines(words.title, { weight: 'Bolder' }), ...words.paragraphs.map(paragraph => lines(paragraph.join('\n')))],
  };
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content };
  return { type: 'message', attachments: [attachment] };
}
