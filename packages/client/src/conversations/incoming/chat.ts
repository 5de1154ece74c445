import { E2eeError, openEnvelope, verify } from '@securechat/crypto/e2ee';
import { type Downstream, decodeBase64, transcript } from '@securechat/protocol';
import { decodePlain } from '../../content/codec.ts';
import { BadContent } from '../../content/shape.ts';
import type { Plain } from '../../content/types.ts';
import { isLater } from '../../outbox/key-place.ts';
import { type Arrival, applyContent } from '../contents/apply.ts';
import type { Core } from '../core.ts';
import { addressOf } from '../membership/log.ts';
import { addMissing, noteMissing } from '../repair/missing.ts';
import type { Step } from '../step.ts';
import { removeLine } from '../timeline/expiry.ts';
import type { Placed } from '../timeline/reading.ts';
import { entryOf } from '../timeline/timeline.ts';
import { alarmOf, Refused } from './alarms.ts';
import { type EpochKeys, keysFor } from './epochs.ts';

type Chat = Downstream<'chat'>;

/**
 * Takes an incoming message: signed by the claimed sender, sealed for one of our epochs, received once, in its sender's order. Failures
 * raise an alarm; an honest member's message that cannot be read also gets a placeholder, and a repair request.
 */
export async function takeChat(core: Core, step: Step, chat: Chat): Promise<void> {
  if (step.found?.membership !== 'member')
    throw new Refused('undecryptable', 'of a conversation that is not ours');
  const address = addressOf(chat.from, chat.device_id);
  const early = await refuseKnown(step, chat, address);
  const keys = await keysFor(core, step, chat);
  let plain: Plain;
  const last = step.record.heard[address];
  try {
    plain = keys ? await open(core, step, chat, keys) : await withoutKeys(step, chat, address);
  } catch (error) {
    if (error instanceof E2eeError && error.fault === 'binding') {
      throw new Refused('bad-signature', 'it is not by whom it says it is');
    }
    if (!(error instanceof E2eeError) && !(error instanceof BadContent)) throw error;
    // undoes what the message seemed to prove, e.g. that our own pending commit was accepted
    step.discard();
    hear(step, chat, address);
    // no operation that led there will come any more, as after the store was set back to an older copy
    if (isLater({ generation: 0, ...chat }, step.record.log)) step.change({ parted: 'seen' });
    if (early) await removeLine(core, step, early);
    return addMissing(core, step, chat, error instanceof E2eeError ? error.fault : error.message);
  }
  hear(step, chat, address);
  if (last !== undefined && plain.lasting > last)
    await noteMissing(core, step, chat, last + 1, plain.lasting);
  checkLogHead(core, step, chat, plain);
  const { keyLog } = plain;
  if (keyLog) step.draft.after(() => core.keyLog?.compare(chat.from, keyLog));
  if (early) await removeLine(core, step, early);
  await applyContent(core, step, arrivalOf(core, chat, early !== undefined), plain.content);
}

/**
 * A known id or an old number: the server repeats itself, or an attacker replays. If the sender has already shown the message directly,
 * its id is known legitimately: returns that early line, which the server's copy replaces.
 */
async function refuseKnown(step: Step, chat: Chat, address: string): Promise<Placed | undefined> {
  const last = step.record.heard[address] ?? 0;
  if (chat.client_seq <= last)
    throw new Refused('replay', `number ${chat.client_seq} of a device that is at ${last}`);
  const known = await entryOf(step, chat.id);
  const by = known?.entry.isEarly && addressOf(known.entry.from, known.entry.deviceId);
  if (known && by !== address) throw new Refused('replay', 'its id is known');
  return known;
}

async function open(core: Core, step: Step, chat: Chat, keys: EpochKeys): Promise<Plain> {
  const opened = await openEnvelope(core.engine, keys.state, chat);
  // the key is spent from here on, whatever the plaintext turns out to be
  step.setKeys(keys.generation, keys.epoch, opened.next);
  const plain = await decodePlain(opened.plaintext);
  if (plain.id !== chat.id || plain.from !== chat.from) throw new BadContent('of another envelope');
  // otherwise each of its messages would open gaps that nothing fills
  if (plain.lasting >= chat.client_seq) throw new BadContent('it comes before what is before it');
  return plain;
}

/** It must at least be signed by a member, or anybody could make lines appear here. */
async function withoutKeys(step: Step, chat: Chat, address: string): Promise<never> {
  const publicKey = step.record.log.leaves[address];
  const isGenuine =
    publicKey !== undefined &&
    (await verify(decodeBase64(publicKey), transcript('envelope', chat), decodeBase64(chat.signature)));
  throw new E2eeError(isGenuine ? 'epoch' : 'binding');
}

function hear(step: Step, chat: Chat, address: string): void {
  const { log, epochMessages, lastPlace, heard } = step.record;
  const isCurrent = chat.epoch === log.epoch && (chat.generation ?? 0) === log.generation;
  step.change({
    heard: { ...heard, [address]: chat.client_seq },
    lastPlace: Math.max(lastPlace, chat.delivery.conv_seq),
    ...(isCurrent ? { epochMessages: epochMessages + 1 } : {}),
  });
}

/** The sender knew an operation log that we were never shown: the server shows members different histories. */
function checkLogHead(core: Core, step: Step, chat: Chat, plain: Plain): void {
  const { log, pending } = step.record;
  // it may be our own operation, accepted by the server but not yet acknowledged to us
  if (log.heads.includes(plain.logHead) || pending?.digest === plain.logHead) return;
  step.draft.after(() =>
    core.tell.alarm(alarmOf(chat, 'fork', 'its sender knows other operations than we do')),
  );
}

function arrivalOf(core: Core, chat: Chat, isShown: boolean): Arrival {
  return {
    ...{ id: chat.id, from: chat.from, deviceId: chat.device_id, clientSeq: chat.client_seq },
    ...{
      sentAtMs: chat.timestamp * 1000,
      place: chat.delivery.conv_seq,
      expiresAt: chat.metadata?.expires_at,
    },
    ...{ isOwn: chat.from === core.own.userId, isShown },
  };
}
