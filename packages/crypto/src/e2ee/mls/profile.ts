import { isSame, MAX_EPOCH_MESSAGES } from '@securechat/protocol';
import type { ClientConfig } from 'ts-mls/clientConfig.js';
import type { IncomingMessageCallback } from 'ts-mls/incomingMessageAction.js';
import type { KeyPackage } from 'ts-mls/keyPackage.js';
import { defaultKeyPackageEqualityConfig } from 'ts-mls/keyPackageEqualityConfig.js';
import { decodeMlsMessage, type MLSMessage } from 'ts-mls/message.js';
import type { PrivateMessage } from 'ts-mls/privateMessage.js';
import { E2eeError } from '../errors.ts';
import type { Held } from './state.ts';
import type { Witness } from './witness.ts';

/** Configures the library. Its defaults trust everybody and keep keys for late messages. */
export function configFor(witness: Witness): ClientConfig {
  return {
    keyRetentionConfig: {
      // a skipped key would be kept as the secret all later ones follow from, so a withheld message would expose them all
      retainKeysForGenerations: 0,
      // the minimum: 0 would keep all of them for ever; `encodeState` drops the one
      retainKeysForEpochs: 1,
      maximumForwardRatchetSteps: MAX_EPOCH_MESSAGES,
    },
    // `checkKeyPackage` judges lifetimes by the operation's time, not by when this device receives it
    lifetimeConfig: { maximumTotalLifetime: 0n, validateLifetimeOnReceive: false },
    keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
    // plaintexts are already padded
    paddingConfig: { kind: 'padUntilLength', padUntilLength: 0 },
    authService: witness,
  };
}

type Wireformat = MLSMessage['wireformat'];

/** Exactly one message of this format. */
export function readMessage<W extends Wireformat>(
  bytes: Uint8Array,
  wireformat: W,
): MLSMessage & { wireformat: W } {
  const [message, length] = decodeMlsMessage(bytes, 0) ?? [];
  if (message === undefined || length !== bytes.length) throw new E2eeError('form');
  if (message.wireformat !== wireformat || message.version !== 'mls10') throw new E2eeError('profile');
  return message as MLSMessage & { wireformat: W };
}

/** A message of the state's group and epoch. Private messages only: their senders are members. */
export function readPrivateMessage(
  bytes: Uint8Array,
  contentType: PrivateMessage['contentType'],
  { mls: { groupContext } }: Held,
): PrivateMessage {
  const { privateMessage } = readMessage(bytes, 'mls_private_message');
  if (privateMessage.contentType !== contentType) throw new E2eeError('profile');
  if (!isSame(privateMessage.groupId, groupContext.groupId)) throw new E2eeError('group');
  if (privateMessage.epoch !== groupContext.epoch) throw new E2eeError('epoch');
  return privateMessage;
}

export type Change = { committer: number; added: KeyPackage[]; removed: Set<number> };

/** The changes of a commit, provided that it only adds and removes, by its own proposals, and is by a member. */
export function changeOf(incoming: Parameters<IncomingMessageCallback>[0]): Change {
  if (incoming.kind !== 'commit' || incoming.senderLeafIndex === undefined) throw new E2eeError('profile');
  const change: Change = { committer: incoming.senderLeafIndex, added: [], removed: new Set() };
  for (const { proposal, senderLeafIndex } of incoming.proposals) {
    if (senderLeafIndex !== change.committer) throw new E2eeError('profile');
    if (proposal.proposalType === 'add') change.added.push(proposal.add.keyPackage);
    else if (proposal.proposalType === 'remove') change.removed.add(proposal.remove.removed);
    else throw new E2eeError('profile');
  }
  return change;
}
