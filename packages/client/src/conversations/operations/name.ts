import { type GroupState, openUnordered, sealUnordered } from '@securechat/crypto/e2ee';
import { decodeBase64, encodeBase64 } from '@securechat/protocol';
import type { Core } from '../core.ts';
import type { Operation } from '../membership/operation.ts';

/** In UTF-16 units. */
export const MAX_NAME = 256;
const utf8 = new TextEncoder();
const text = new TextDecoder();

/** A group's name is part of an operation, outside the message ratchet; base64, readable with the keys of the epoch. */
export async function sealName(
  core: Core,
  state: GroupState,
  conversationId: string,
  name: string,
): Promise<string> {
  if (name.length > MAX_NAME) throw new RangeError(`a name has at most ${MAX_NAME} characters`);
  const context = utf8.encode(conversationId);
  return encodeBase64(await sealUnordered(core.engine, state, core.own, 'name', utf8.encode(name), context));
}

/** Throws an `E2eeError` when the name cannot be read. */
export async function openName(
  core: Core,
  state: GroupState,
  operation: Operation<'group_create' | 'group_update'>,
): Promise<string | undefined> {
  if (operation.name === undefined) return undefined;
  const sender = { userId: operation.from, deviceId: operation.device_id };
  const context = utf8.encode(operation.conversation_id);
  const sealed = decodeBase64(operation.name);
  return text
    .decode(await openUnordered(core.engine, state, sender, 'name', sealed, context))
    .slice(0, MAX_NAME);
}
