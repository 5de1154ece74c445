import { verify } from '@securechat/crypto/e2ee';
import {
  decodeBase64,
  deviceCertTranscript,
  deviceListTranscript,
  type SignedDeviceList,
} from '@securechat/protocol';
import { DeviceListRefused } from '../errors.ts';
import { deviceListHash } from './device-list.ts';

/** Checks that the list and each device in it are signed by the account key it names; throws `DeviceListRefused`. */
export async function verifyDeviceList(list: SignedDeviceList): Promise<void> {
  const accountKey = decodeBase64(list.account_key);
  const check = async (transcript: Uint8Array, signature: string): Promise<void> => {
    if (!(await verify(accountKey, transcript, decodeBase64(signature))))
      throw new DeviceListRefused('bad_signature', list.user_id);
  };
  for (const field of ['device_id', 'public_key'] as const)
    if (new Set(list.devices.map((device) => device[field])).size < list.devices.length)
      throw new DeviceListRefused('twice_the_same', list.user_id);
  await check(deviceListTranscript(list), list.signature);
  for (const device of list.devices) await check(deviceCertTranscript(list, device), device.signature);
}

/**
 * Whether `next` may follow `known`, with the same account key: not older, not different at the same version, and chained to `known` if
 * directly after it. Of versions in between, only the account key's signature is checked. Returns whether it is newer; throws
 * `DeviceListRefused`.
 */
export async function follows(known: SignedDeviceList, next: SignedDeviceList): Promise<boolean> {
  const refuse = (because: 'older' | 'forked'): never => {
    throw new DeviceListRefused(because, next.user_id);
  };
  if (next.version < known.version) refuse('older');
  const hash = await deviceListHash(known);
  if (next.version === known.version && (await deviceListHash(next)) !== hash) refuse('forked');
  if (next.version === known.version + 1 && next.previous_sha256 !== hash) refuse('forked');
  return next.version > known.version;
}
