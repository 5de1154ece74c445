import type { SignedDeviceList } from '../messages/device_list.ts';
import { transcript } from './transcript.ts';

/** What the account key signs for a whole list. Its hash (SHA-256) is part of the next version. */
export function deviceListTranscript(list: Omit<SignedDeviceList, 'signature'>): Uint8Array<ArrayBuffer> {
  const devices = list.devices.map((device) => `${device.device_id}:${device.public_key}`);
  return transcript('device-list', { ...list, devices });
}

/** What the account key signs for one device of a list. */
export function deviceCertTranscript(
  list: Pick<SignedDeviceList, 'user_id' | 'account_key'>,
  device: SignedDeviceList['devices'][number],
): Uint8Array<ArrayBuffer> {
  return transcript('device-cert', {
    user_id: list.user_id,
    account_key: list.account_key,
    device_id: device.device_id,
    public_key: device.public_key,
    created_at: device.created_at,
  });
}
