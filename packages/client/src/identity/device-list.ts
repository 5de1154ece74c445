import { sha256 } from '@securechat/crypto/e2ee';
import {
  type DeviceCertificate,
  deviceCertTranscript,
  deviceListTranscript,
  encodeBase64,
  type SignedDeviceList,
} from '@securechat/protocol';
import { type AccountKey, signed } from './keys.ts';

type NewDevice = { readonly deviceId: string; readonly publicKey: Uint8Array };
type Owner = { readonly userId: string; readonly key: AccountKey };

/** Version 1, with the account's first device. */
export async function firstDeviceList(
  owner: Owner,
  device: NewDevice,
  nowSeconds: number,
): Promise<SignedDeviceList> {
  return signList(owner, { version: 1, created_at: nowSeconds }, [await certify(owner, device, nowSeconds)]);
}

/**
 * The version after `previous`, chained to it by hash: without the devices named in `removed`, and with `added`, certified. The server
 * accepts only one change at a time: one device more, one less, or one instead of all others.
 */
export async function nextDeviceList(
  owner: Owner,
  previous: SignedDeviceList,
  change: { added?: NewDevice; removed?: readonly string[] },
  nowSeconds: number,
): Promise<SignedDeviceList> {
  const { added, removed = [] } = change;
  const kept = previous.devices.filter(({ device_id }) => !removed.includes(device_id));
  const facts = {
    version: previous.version + 1,
    previous_sha256: await deviceListHash(previous),
    created_at: nowSeconds,
  };
  return signList(owner, facts, [...kept, ...(added ? [await certify(owner, added, nowSeconds)] : [])]);
}

/** One device instead of all others, after a version of which only number and hash are known. */
export async function recoveredDeviceList(
  owner: Owner,
  previous: { version: number; sha256: string },
  device: NewDevice,
  nowSeconds: number,
): Promise<SignedDeviceList> {
  const facts = { version: previous.version + 1, previous_sha256: previous.sha256, created_at: nowSeconds };
  return signList(owner, facts, [await certify(owner, device, nowSeconds)]);
}

/** The next version's `previous_sha256`; also tells two lists of one version apart. */
export async function deviceListHash(list: SignedDeviceList): Promise<string> {
  return encodeBase64(await sha256(deviceListTranscript(list)));
}

async function certify(owner: Owner, device: NewDevice, nowSeconds: number): Promise<DeviceCertificate> {
  const facts = {
    device_id: device.deviceId,
    public_key: encodeBase64(device.publicKey),
    created_at: nowSeconds,
    signature: '',
  };
  return { ...facts, signature: await signed(owner.key, deviceCertTranscript(named(owner), facts)) };
}

async function signList(
  owner: Owner,
  facts: Pick<SignedDeviceList, 'version' | 'previous_sha256' | 'created_at'>,
  devices: DeviceCertificate[],
): Promise<SignedDeviceList> {
  const list = { ...named(owner), ...facts, devices };
  return { ...list, signature: await signed(owner.key, deviceListTranscript(list)) };
}

function named({ userId, key }: Owner): { user_id: string; account_key: string } {
  return { user_id: userId, account_key: encodeBase64(key.publicKey) };
}
