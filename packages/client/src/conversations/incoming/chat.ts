import { E2eeError, openEnvelope, verify } from '@securechat/crypto/e2ee';
import { type Downstream, decodeBase64, transcript } from '@securechat/protocol';
import { decodePlain } from '../../content/codec.ts';
import { BadContent } from '../../content/shape.ts';
import type { Plain } from '../../content/types.ts';
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
 * A message that came in: by whom it says, sealed for an epoch of ours, once, and in the order of its sender. What fails is
 * told as an alarm; what an honest member has said and we cannot read also gets a line, and its sender is asked for it.
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
    // what it made us believe about an own commit was not shown after all
    step.discard();
    hear(step, chat, address);
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
 * A known id or an old number: the server shows again what was shown, or an attacker does. What its sender has already shown directly is
 * known by right: this is returned, and gives way.
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
  // the key is used up from here on, whatever the plaintext is
  step.setKeys(keys.generation, keys.epoch, opened.next);
  const plain = await decodePlain(opened.plaintext);
  if (plain.id !== chat.id || plain.from !== chat.from) throw new BadContent('of another envelope');
  // or each of its messages would open holes that nothing fills
  if (plain.lasting >= chat.client_seq) throw new BadContent('it comes before what is before it');
  return plain;
}

/** At least it has to be signed by a member, or everybody could make lines appear here. */
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

/** The sender knew a log of operations that we were never shown: the server tells different members different things. */
function checkLogHead(core: Core, step: Step, chat: Chat, plain: Plain): void {
  const { log, pending } = step.record;
  // an operation of ours, accepted and not yet known as such, may be it
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
