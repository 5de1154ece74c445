import { concat } from '@securechat/protocol';
import { createApplicationMessage } from 'ts-mls/createMessage.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import type { GroupState, Opened, OwnDevice } from '../engine.ts';
import { E2eeError } from '../errors.ts';
import { framePlaintext, unframePlaintext } from '../plaintext.ts';
import { actAs, type EngineContext, onState } from './engine-context.ts';
import { leafAt } from './leaves.ts';
import { configFor, readPrivateMessage } from './profile.ts';
import { encodeState } from './state.ts';

export function seal(
  context: EngineContext,
  state: GroupState,
  own: OwnDevice,
  plaintext: Uint8Array,
  authenticatedData: Uint8Array,
): Promise<{ ciphertext: Uint8Array<ArrayBuffer>; next: GroupState }> {
  const framed = framePlaintext(plaintext);
  return onState(context, state, async (held, witness) => {
    const { newState, privateMessage } = await createApplicationMessage(
      actAs(held, own, witness),
      framed,
      context.suite,
      authenticatedData,
    );
    framed.fill(0);
    const message = { version: 'mls10', wireformat: 'mls_private_message', privateMessage } as const;
    return {
      ciphertext: concat(encodeMlsMessage(message)),
      next: encodeState({ mls: newState, names: held.names }),
    };
  });
}

export function open(context: EngineContext, state: GroupState, ciphertext: Uint8Array): Promise<Opened> {
  return onState(context, state, async (held, witness) => {
    const { mls, names } = held;
    const message = readPrivateMessage(ciphertext, 'application', held);
    // the library's public function for messages does not return the sender; this is what it calls
    const { tree, content } = await unprotectPrivateMessage(
      mls.keySchedule.senderDataSecret,
      message,
      mls.secretTree,
      mls.ratchetTree,
      mls.groupContext,
      configFor(witness).keyRetentionConfig,
      context.suite,
    );
    const framed = content.content;
    if (framed.contentType !== 'application' || framed.sender.senderType !== 'member') {
      throw new E2eeError('profile');
    }
    return {
      plaintext: unframePlaintext(framed.applicationData),
      authenticatedData: concat(message.authenticatedData),
      sender: leafAt(held, framed.sender.leafIndex),
      next: encodeState({ mls: { ...mls, secretTree: tree }, names }),
    };
  });
}
