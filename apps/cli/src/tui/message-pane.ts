import type { Conversation, Message } from '@securechat/client';
import type { ReactElement } from 'react';
import { whyNotSent } from '../failures.ts';
import { bodyText, clock, counted, ticks, titleOf } from '../words.ts';
import { box, line } from './element.ts';
import type { Labels } from './labels.ts';
import type { Panel, Snapshot } from './snapshot.ts';

type Props = { shown: Snapshot; labels: Labels; columns: number; rows: number };

/** The messages, newest at the bottom; or a panel instead. */
export function MessagePane({ shown, labels, columns, rows }: Props): ReactElement {
  const { open, messages, panel, scrolled } = shown;
  const lines = panel
    ? panelLines(panel)
    : messages.slice(-rows).map((message) => {
        const label = labels.of(message.conversationId, message.id);
        return messageLine(message, { label, most: columns * Math.ceil(rows / 2), all: messages });
      });
  const title =
    panel?.title ??
    (open ? headline(open, scrolled, shown.standing) : 'Start with /new USER or /group NAME USER …');
  return box(
    { flexDirection: 'column', width: columns, overflow: 'hidden' },
    box({ height: 1, flexShrink: 0 }, line({ bold: true, underline: true, wrap: 'truncate-end' }, title)),
    box(
      {
        ...{ flexDirection: 'column', height: Math.max(1, rows - 1), overflow: 'hidden' },
        justifyContent: panel ? 'flex-start' : 'flex-end',
      },
      ...lines,
    ),
  );
}

function headline(chat: Conversation, scrolled: number, standing: string): string {
  const parts = [titleOf(chat)];
  if (chat.kind === 'group')
    parts.push(`${counted(chat.memberIds.length, 'member')}, you are ${chat.ownRole}`);
  if (chat.isRequest) parts.push('a request: /accept or /block');
  if (chat.isBlocked) parts.push('blocked');
  if (!chat.isMember) parts.push('you are no longer a member');
  if (chat.isStuck) parts.push('stuck: /restart starts it over with new keys');
  if (standing !== '') parts.push(standing);
  if (scrolled > 0) parts.push(`${scrolled} newer below`);
  return parts.join(' – ');
}

const panelLines = ({ lines, from }: Panel): ReactElement[] =>
  lines
    .slice(from)
    .map((text, index) => box({ key: index, flexShrink: 0 }, line({ wrap: 'wrap' }, text || ' ')));

/** `most`: maximum number of characters shown, so that the start of a long message stays in the window. */
function messageLine(
  message: Message,
  { label, most, all }: { label: number; most: number; all: readonly Message[] },
): ReactElement {
  const { id, from, isOwn, sentAtMs, body, status, failure } = message;
  const isSaid = body.type === 'text';
  const tick = status === undefined ? '' : ` ${ticks[status]}${failure ? `: ${whyNotSent(failure)}` : ''}`;
  const text = bodyText(message);
  const shown = text.length > most ? `${text.slice(0, most).toWellFormed()} … /show ${label}` : text;
  return box(
    { key: id, flexShrink: 0 },
    line(
      { wrap: 'wrap', dimColor: !isSaid },
      line({ dimColor: true }, `${String(label).padStart(3)} ${clock(sentAtMs)} `),
      line({ color: isOwn ? 'cyan' : 'magenta' }, `${from}${isSaid ? ':' : ''} `),
      `${answered(message, all)}${shown}${extras(message)}`,
      line({ color: status === 'failed' ? 'red' : 'green' }, tick),
    ),
  );
}

/** The start of the message replied to, if it is on the screen. */
function answered({ replyTo }: Message, all: readonly Message[]): string {
  if (replyTo === undefined) return '';
  const original = all.find(({ id }) => id === replyTo);
  return `↪ ${original ? `${original.from}: ${bodyText(original).slice(0, 24).toWellFormed()}` : 'an earlier message'} | `;
}

function extras({ editedAtMs, reactions, expiresAtMs }: Message): string {
  const marks = Object.entries(reactions).map(([emoji, users]) => `${emoji}${users.length}`);
  if (editedAtMs !== undefined) marks.push('edited');
  if (expiresAtMs !== undefined) marks.push(`vanishes ${clock(expiresAtMs)}`);
  return marks.length === 0 ? '' : ` [${marks.join(', ')}]`;
}
