import { type SignedDeviceList, transcript } from '@securechat/protocol';
import { deviceListHash } from './device-list.ts';
import { type DeviceKey, signed } from './keys.ts';

/** The new device's proof that it holds its key. */
export type EnrolmentProof = { timestamp: number; signature: string };
/** An existing device's consent to the new one. */
export type LinkAuthorization = { device_id: string; timestamp: number; signature: string };

/** Valid for the list of this version, and for five minutes. */
export async function proveDevice(
  list: Pick<SignedDeviceList, 'user_id' | 'account_key' | 'version'>,
  device: { deviceId: string; publicKey: string; secretKey: Uint8Array },
  nowSeconds: number,
): Promise<EnrolmentProof> {
  const facts = {
    user_id: list.user_id,
    account_key: list.account_key,
    device_id: device.deviceId,
    public_key: device.publicKey,
    list_version: list.version,
    timestamp: nowSeconds,
  };
  return { timestamp: nowSeconds, signature: await signed(device, transcript('device-enrolment', facts)) };
}

/** `by` is a device of the previous list; `added` is new in `list`. */
export async function authorizeDevice(
  list: SignedDeviceList,
  by: DeviceKey,
  added: { deviceId: string; publicKey: string },
  nowSeconds: number,
): Promise<LinkAuthorization> {
  const facts = {
    user_id: list.user_id,
    device_id: by.deviceId,
    new_device_id: added.deviceId,
    new_public_key: added.publicKey,
    list_version: list.version,
    list_sha256: await deviceListHash(list),
    timestamp: nowSeconds,
  };
  const signature = await signed(by, transcript('device-link', facts));
  return { device_id: by.deviceId, timestamp: nowSeconds, signature };
}
