import type { Upstream } from '../catalog.ts';
import { transcript } from './transcript.ts';

/**
 * What a device signs for a group operation. `welcomeSha256` is base64 of SHA-256 over the decoded welcome:
 * hashing is the caller's, because this package has no cryptography.
 */
export function groupOpTranscript(
  operation: Upstream<'group_create'>,
  hashes: { welcomeSha256: string },
): Uint8Array<ArrayBuffer> {
  return transcript('group-op', {
    id: operation.id,
    conversation_id: operation.conversation_id,
    generation: operation.generation,
    epoch: operation.epoch,
    operation: operation.type,
    from: operation.from,
    device_id: operation.device_id,
    targets: operation.members,
    added_devices: operation.added_devices,
    welcome_sha256: hashes.welcomeSha256,
    timestamp: operation.timestamp,
    nonce: operation.nonce,
    kind: operation.kind,
    welcome_to: operation.welcome_to,
  });
}
