import { decodeBase64 } from '../base64.ts';
import type { SignedDeviceList } from '../messages/device_list.ts';
import type { KeyBundle } from '../messages/key_bundle.ts';
import { deviceCertTranscript } from './device-list.ts';
import { transcript } from './transcript.ts';

/** What a device signs for a key package that it uploads. */
export function keyExchangeTranscript(
  owner: { user_id: string; device_id: string },
  key: Pick<KeyBundle, 'key_id' | 'public_key'>,
  hashes: { keyPackageSha256: string },
): Uint8Array<ArrayBuffer> {
  return transcript('key-exchange', {
    user_id: owner.user_id,
    device_id: owner.device_id,
    key_type: 'prekey',
    key_id: key.key_id,
    public_key: key.public_key,
    key_package_sha256: hashes.keyPackageSha256,
  });
}

/**
 * The identity in a device's MLS credential: what the account key has signed about it, and that signature. Anyone
 * with the device list can build it, so it is compared and never parsed.
 */
export function credentialIdentity(
  list: Pick<SignedDeviceList, 'user_id' | 'account_key'>,
  device: SignedDeviceList['devices'][number],
): Uint8Array<ArrayBuffer> {
  const facts = deviceCertTranscript(list, device);
  const signature = decodeBase64(device.signature);
  const identity = new Uint8Array(facts.length + signature.length);
  identity.set(facts);
  identity.set(signature, facts.length);
  return identity;
}
