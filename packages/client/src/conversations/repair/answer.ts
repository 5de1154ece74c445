import { checked } from '../../content/outgoing.ts';
import type { Content } from '../../content/types.ts';
import { isLater, type KeyPlace } from '../../outbox/key-place.ts';
import type { Arrival } from '../contents/apply.ts';
import type { Core } from '../core.ts';
import { addressOf, userOf } from '../membership/log.ts';
import { enqueueContent } from '../outgoing/enqueue.ts';
import type { SentContent } from '../outgoing/seal-chat.ts';
import { type ConversationRecord, keysOf } from '../record.ts';
import type { Step } from '../step.ts';

type Request = Content<'application/x-securechat-repair-request'>;
type Repair = Content<'application/x-securechat-repair'>;

/** Answers per device, conversation and window: a broken device must not keep us busy. */
const MAX_ANSWERS = 30;
const WINDOW_MS = 60_000;

/** A member could not read what this device sent; answers each request. */
export async function answerRepair(core: Core, step: Step, by: Arrival, { body }: Request): Promise<void> {
  if (body.userId !== core.own.userId || body.deviceId !== core.own.deviceId || step.record.isRequest) return;
  const asker = addressOf(by.from, by.deviceId);
  for (const clientSeq of body.clientSeqs) {
    if (!(await mayAnswer(core, step, asker))) return;
    enqueueContent(core, step, repair({ clientSeq, sentAt: 0 }));
    step.draft.after(() => core.tell.count('repairsAnswered'));
  }
}

/**
 * The answer when it is sealed: an ordinary message that everybody here by then reads. So it has content only if all of them could read
 * the original. Repairs are not repaired, or two broken devices would keep each other busy.
 */
export async function answerNow(core: Core, step: Step, { body: { clientSeq } }: Repair): Promise<Repair> {
  const sent = await step.draft.json<SentContent>(keysOf.sent(step.id, clientSeq));
  if (!sent || !couldAllRead(core, step.record, sent))
    return repair({ clientSeq, sentAt: 0, isRefused: true });
  if (!isRepairable(core, sent.content)) return repair({ clientSeq, sentAt: 0 });
  return repair({ clientSeq, id: sent.id, sentAt: sent.sentAt, content: sent.content });
}

const repair = (body: Repair['body']): Repair => checked('application/x-securechat-repair', body);

/**
 * Whether everybody here now was here when something was sealed for these keys. Others count by their first device still here, which
 * added their other ones and gives them the history. This user counts by this device: it may have been away while others came.
 */
function couldAllRead(core: Core, { log, since }: ConversationRecord, sealedFor: KeyPlace): boolean {
  const self = addressOf(core.own.userId, core.own.deviceId);
  const cameWith = new Map<string, KeyPlace>();
  for (const address of Object.keys(log.leaves)) {
    const who = address === self ? self : userOf(address);
    const place = since[address] ?? { generation: 0, epoch: 0 };
    const first = cameWith.get(who);
    if (!first || isLater(first, place)) cameWith.set(who, place);
  }
  return [...cameWith.values()].every((place) => !isLater(place, sealedFor));
}

function isRepairable(core: Core, { type, expiresAt }: Content): boolean {
  if (type === 'application/x-securechat-repair' || type === 'application/x-securechat-repair-request')
    return false;
  return expiresAt === undefined || expiresAt * 1000 > core.now();
}

type Budget = { sinceMs: number; answers: number };

async function mayAnswer(core: Core, step: Step, asker: string): Promise<boolean> {
  const key = keysOf.repairBudget(step.id, asker);
  const kept = await step.draft.json<Budget>(key);
  const isOver = kept === undefined || core.now() - kept.sinceMs > WINDOW_MS;
  const budget = isOver ? { sinceMs: core.now(), answers: 0 } : kept;
  if (budget.answers >= MAX_ANSWERS) return false;
  step.draft.putJson(key, { ...budget, answers: budget.answers + 1 });
  return true;
}
