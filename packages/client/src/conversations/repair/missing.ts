import type { Downstream } from '@securechat/protocol';
import type { Core } from '../core.ts';
import { alarmOf } from '../incoming/alarms.ts';
import { addressOf } from '../membership/log.ts';
import { keysOf } from '../record.ts';
import type { Step } from '../step.ts';
import type { Entry } from '../timeline/entry.ts';
import { positions } from '../timeline/positions.ts';
import { addEntry } from '../timeline/timeline.ts';

type Chat = Downstream<'chat'>;

/** More placeholders than this per gap help nobody; the line states the count. */
const MAX_LINES = 64;

/** A missing message, by device and number, until it arrives or is given up. */
export type Wanted = {
  readonly messageId: string;
  readonly deviceId: string;
  readonly from: string;
  readonly clientSeq: number;
};

/** Adds a placeholder for an unreadable message, and asks its sender for it. */
export function addMissing(core: Core, step: Step, chat: Chat, why: string): void {
  addLine(step, chat, {
    ...{ id: chat.id, clientSeq: chat.client_seq, position: positions.placed(chat.delivery.conv_seq) },
    reason: 'undecryptable',
  });
  step.draft.after(() => {
    core.tell.count('undecryptable');
    core.tell.alarm(alarmOf(chat, 'undecryptable', why));
    core.tell.message(step.id, chat.id, true);
  });
}

/** Messages of this sender were skipped before this one, and expiry does not explain it. */
export async function noteMissing(
  core: Core,
  step: Step,
  chat: Chat,
  from: number,
  through: number,
): Promise<void> {
  const first = Math.max(from, through - MAX_LINES + 1);
  for (let clientSeq = first; clientSeq <= through; clientSeq++) {
    // cannot collide with a message id, which holds no colon
    const id = `gap:${addressOf(chat.from, chat.device_id)}:${clientSeq}`;
    const position = positions.behind(chat.delivery.conv_seq - 1, clientSeq - first);
    addLine(step, chat, { id, clientSeq, position, reason: 'gap' });
    step.draft.after(() => core.tell.message(step.id, id, true));
  }
  const detail = `${through - from + 1} messages of this device were left out`;
  step.draft.after(() => core.tell.alarm(alarmOf(chat, 'gap', detail)));
}

function addLine(
  step: Step,
  chat: Chat,
  line: { id: string; clientSeq: number; position: string; reason: 'undecryptable' | 'gap' },
): void {
  const { id, clientSeq, position, reason } = line;
  const entry: Entry = {
    ...{ id, from: chat.from, deviceId: chat.device_id, sentAtMs: chat.timestamp * 1000 },
    ...(reason === 'undecryptable' ? { place: chat.delivery.conv_seq } : {}),
    body: { type: 'missing', reason, count: 1, clientSeq, asked: 0 },
  };
  addEntry(step, position, entry);
  const wanted: Wanted = { messageId: id, from: chat.from, deviceId: chat.device_id, clientSeq };
  step.draft.putJson(keysOf.wanted(step.id, id), wanted);
}

/** Excludes what this step has just received or given up. */
export async function wantedIn(core: Core, step: Step): Promise<Wanted[]> {
  const found = await core.store.list(keysOf.wanted(step.id, ''));
  const all = await Promise.all(found.map(([key]) => step.draft.json<Wanted>(key)));
  return all.filter((wanted) => wanted !== undefined);
}
