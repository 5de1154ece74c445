import { randomBytes } from 'node:crypto';
import { createSigningKey, type SigningKey } from '@securechat/crypto/sign';
import {
  type DeviceCertificate,
  deviceCertTranscript,
  deviceListTranscript,
  type SignedDeviceList,
  transcript,
} from '@securechat/protocol';
import { type EnrolmentProof, type LinkAuthorization, listHash } from '../enrolment/check-list.ts';

export type Device = { id: string; key: SigningKey };
export type Person = { id: string; accountKey: SigningKey };
type Unsigned = Omit<SignedDeviceList, 'signature'>;

/** Ids that no other test uses. */
export function createPerson(): Person {
  return { id: `user_${randomBytes(6).toString('hex')}`, accountKey: createSigningKey() };
}

export function createDevice(id = `device_${randomBytes(4).toString('hex')}`): Device {
  return { id, key: createSigningKey() };
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

export function certify(
  person: Person,
  device: Device,
  changes: Partial<DeviceCertificate> = {},
): DeviceCertificate {
  const facts = {
    device_id: device.id,
    public_key: base64(device.key.publicKey),
    created_at: nowSeconds(),
    signature: '',
    ...changes,
  };
  const owner = { user_id: person.id, account_key: base64(person.accountKey.publicKey) };
  return { ...facts, signature: base64(person.accountKey.sign(deviceCertTranscript(owner, facts))) };
}

/** `changes` are applied before signing: what a dishonest owner of the account key could make. */
export function firstList(person: Person, device: Device, changes: Partial<Unsigned> = {}): SignedDeviceList {
  return signList(person, {
    user_id: person.id,
    account_key: base64(person.accountKey.publicKey),
    version: 1,
    created_at: nowSeconds(),
    devices: [certify(person, device)],
    ...changes,
  });
}

export function nextList(
  person: Person,
  previous: SignedDeviceList,
  device: Device,
  changes: Partial<Unsigned> = {},
): SignedDeviceList {
  return signList(person, {
    user_id: person.id,
    account_key: previous.account_key,
    version: previous.version + 1,
    previous_sha256: base64(listHash(previous)),
    created_at: nowSeconds(),
    devices: [...previous.devices, certify(person, device)],
    ...changes,
  });
}

export function signList(person: Person, list: Unsigned): SignedDeviceList {
  return { ...list, signature: base64(person.accountKey.sign(deviceListTranscript(list))) };
}

export function prove(list: SignedDeviceList, device: Device, timestamp = nowSeconds()): EnrolmentProof {
  const message = transcript('device-enrolment', {
    user_id: list.user_id,
    account_key: list.account_key,
    device_id: device.id,
    public_key: base64(device.key.publicKey),
    list_version: list.version,
    timestamp,
  });
  return { timestamp, signature: base64(device.key.sign(message)) };
}

/** An existing device consents to the one that `list` adds. */
export function authorize(
  list: SignedDeviceList,
  by: Device,
  added: Device,
  timestamp = nowSeconds(),
): LinkAuthorization {
  const message = transcript('device-link', {
    user_id: list.user_id,
    device_id: by.id,
    new_device_id: added.id,
    new_public_key: base64(added.key.publicKey),
    list_version: list.version,
    list_sha256: base64(listHash(list)),
    timestamp,
  });
  return { device_id: by.id, timestamp, signature: base64(by.key.sign(message)) };
}

/** The next list with exactly these devices. */
export function listOf(
  person: Person,
  previous: SignedDeviceList,
  devices: SignedDeviceList['devices'],
): SignedDeviceList {
  return signList(person, {
    user_id: person.id,
    account_key: previous.account_key,
    version: previous.version + 1,
    previous_sha256: base64(listHash(previous)),
    created_at: nowSeconds(),
    devices,
  });
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
