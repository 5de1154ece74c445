import { sealEnvelope, type UnsealedEnvelope } from '@securechat/crypto/e2ee';
import { encodeBase64, encodeUpstream } from '@securechat/protocol';
import { encodePlain } from '../../content/codec.ts';
import { checked } from '../../content/outgoing.ts';
import { compact } from '../../content/shape.ts';
import type { Content } from '../../content/types.ts';
import type { KeyPlace } from '../../outbox/key-place.ts';
import type { OutboxItem, SealedForm } from '../../outbox/sealer.ts';
import { fromBytes } from '../../storage/json.ts';
import type { Core } from '../core.ts';
import { keysNow } from '../operations/built.ts';
import { keysOf } from '../record.ts';
import type { Step } from '../step.ts';
import type { Entry } from '../timeline/entry.ts';
import { entryOf } from '../timeline/timeline.ts';

/** Own contents kept per conversation, for repairs. */
const KEPT_CONTENTS = 256;

/** Includes the keys it was sealed for: devices added later could not read it. */
export type SentContent = KeyPlace & { id: string; sentAt: number; clientSeq: number; content: Content };

/**
 * Seals a content for the newest epoch. The next ratchet state is stored in the same write as the frame, and nothing is sent before: a
 * crash in between wastes a key but never uses one twice.
 */
export async function sealChat(
  core: Core,
  step: Step,
  item: OutboxItem,
  content: Content,
  place: { clientSeq: number },
): Promise<SealedForm> {
  const { record } = step;
  const { generation, epoch } = record.log;
  const state = await keysNow(step);
  const timestamp = Math.floor(core.now() / 1000);
  const head: UnsealedEnvelope = {
    ...{ id: item.id, type: 'chat', from: core.own.userId, to: record.peer ?? record.id },
    ...{ device_id: core.own.deviceId, conversation_id: record.id, epoch },
    ...(generation > 0 ? { generation } : {}),
    ...{ client_seq: place.clientSeq, timestamp, encrypted: true },
    nonce: encodeBase64(crypto.getRandomValues(new Uint8Array(16))),
    ...(content.expiresAt === undefined ? {} : { metadata: { expires_at: content.expiresAt } }),
  };
  const said =
    content.type === 'application/x-securechat-repair'
      ? await (await import('../repair/answer.ts')).answerNow(core, step, content)
      : content;
  const facts = {
    ...{ id: item.id, from: core.own.userId, content: said, logHead: record.log.head },
    lasting: await lastingBefore(step, place.clientSeq),
  };
  const encode = (keyLog?: string) =>
    encodePlain(compact({ ...facts, keyLog }), { isCompressing: core.settings.isCompressing });
  const plain = await (core.keyLog?.tell(record.id, encode) ?? encode());
  const { envelope, next } = await sealEnvelope(core.engine, state, core.own, head, plain);
  step.setKeys(generation, epoch, next);
  const kept = (await isGone(step, item.id, content)) ? wordless(content) : content;
  const sent: SentContent = {
    ...{ id: item.id, sentAt: timestamp, clientSeq: place.clientSeq, content: kept },
    ...{ generation, epoch },
  };
  step.draft.putJson(keysOf.sent(step.id, place.clientSeq), sent);
  step.draft.delete(keysOf.sent(step.id, place.clientSeq - KEPT_CONTENTS));
  return { frame: encodeUpstream('chat', envelope), generation, epoch };
}

/** Erases what this device keeps of an own line and its edits, so that no repair repeats it. Numbers and expiries stay, being still of use. */
export async function forgetSent(core: Core, step: Step, entry: Entry): Promise<void> {
  if (entry.from !== core.own.userId) return;
  for (const [key, bytes] of await core.store.list(keysOf.sent(step.id, ''))) {
    const sent = fromBytes<SentContent>(bytes);
    if (lineOf(sent.id, sent.content) !== entry.id) continue;
    step.draft.putJson(key, { ...sent, content: wordless(sent.content) });
  }
}

/** Whether the line was deleted or expired while this content waited to be sealed, or sealed again. */
async function isGone(step: Step, id: string, content: Content): Promise<boolean> {
  const line = lineOf(id, content);
  const found = await entryOf(step, line);
  return found ? found.entry.body.type === 'deleted' : line !== id || content.expiresAt !== undefined;
}

/** The id of the line that shows the content. */
function lineOf(id: string, { type, body }: Content): string {
  return type === 'application/x-securechat-edit' ? body.messageId : id;
}

function wordless({ expiresAt }: Content): Content {
  return { ...checked('application/x-securechat-dummy', {}), ...compact({ expiresAt }) };
}

/** The newest earlier number of ours whose message does not expire; 0 if no longer known. */
async function lastingBefore(step: Step, clientSeq: number): Promise<number> {
  for (let number = clientSeq - 1; number > 0; number--) {
    const sent = await step.draft.json<SentContent>(keysOf.sent(step.id, number));
    if (!sent) return 0;
    if (sent.content.expiresAt === undefined) return number;
  }
  return 0;
}
