import type { Core } from '../core.ts';
import { addressOf } from '../membership/log.ts';

/**
 * Whether none of this member's devices holds the keys of the conversation any more: they came back by the recovery code, and are in no
 * conversation.
 */
export async function hasOnlyNewDevices(
  core: Core,
  id: string,
  userId: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const { leaves = {} } = core.registry.get(id)?.log ?? {};
  const { devices } = await core.people.list(userId, { isFresh: true, ...(signal && { signal }) });
  return !devices.some(({ device_id }) => addressOf(userId, device_id) in leaves);
}
