import { type SigningKey, sha256 } from '@securechat/crypto/sign';
import {
  type DeviceCertificate,
  deviceCertTranscript,
  deviceListTranscript,
  type SignedDeviceList,
  transcript,
} from '@securechat/protocol';
import type { Device, Person } from './people.ts';

const REQUEST_DEADLINE_MS = 10_000;

export type EnrolmentProof = { timestamp: number; signature: string };
/** By an existing device; an account's first one needs none. */
export type LinkAuthorization = { device_id: string; timestamp: number; signature: string };
export type Enrolment = { list: SignedDeviceList; proof: EnrolmentProof; authorization?: LinkAuthorization };

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** A person's next device list: `previous` without the removed devices, plus the new ones, each certified, all signed by the account key. */
export function signDeviceList(
  person: Person,
  added: readonly Device[],
  options: { previous?: SignedDeviceList; removed?: readonly Device[]; createdAt?: number } = {},
): SignedDeviceList {
  const { previous, removed = [], createdAt = nowSeconds() } = options;
  const gone = new Set(removed.map(({ id }) => id));
  const owner = { user_id: person.id, account_key: person.accountKey.publicKey.toString('base64') };
  const certificates = added.map((device): DeviceCertificate => {
    const facts = {
      device_id: device.id,
      public_key: device.publicKey,
      created_at: createdAt,
      signature: '',
    };
    return { ...facts, signature: signed(person.accountKey, deviceCertTranscript(owner, facts)) };
  });
  const list = {
    ...owner,
    version: (previous?.version ?? 0) + 1,
    ...(previous ? { previous_sha256: sha256(deviceListTranscript(previous)).toString('base64') } : {}),
    created_at: createdAt,
    devices: [...(previous?.devices ?? []).filter(({ device_id }) => !gone.has(device_id)), ...certificates],
  };
  return { ...list, signature: signed(person.accountKey, deviceListTranscript(list)) };
}

/** The new device proves that it holds its key. */
export function proveEnrolment(
  list: SignedDeviceList,
  device: Device,
  timestamp = nowSeconds(),
): EnrolmentProof {
  const signature = signed(
    device.key,
    transcript('device-enrolment', {
      user_id: list.user_id,
      account_key: list.account_key,
      device_id: device.id,
      public_key: device.publicKey,
      list_version: list.version,
      timestamp,
    }),
  );
  return { timestamp, signature };
}

/** An existing device agrees to the one that `list` adds. */
function authorizeLink(
  list: SignedDeviceList,
  by: Device,
  added: Device,
  timestamp = nowSeconds(),
): LinkAuthorization {
  const signature = signed(
    by.key,
    transcript('device-link', {
      user_id: list.user_id,
      device_id: by.id,
      new_device_id: added.id,
      new_public_key: added.publicKey,
      list_version: list.version,
      list_sha256: sha256(deviceListTranscript(list)).toString('base64'),
      timestamp,
    }),
  );
  return { device_id: by.id, timestamp, signature };
}

/** The requests that register a person and all their devices with auth, in order. */
export function enrolmentsOf(person: Person): Enrolment[] {
  const enrolments: Enrolment[] = [];
  for (const device of person.devices) {
    const previous = enrolments.at(-1)?.list;
    const list = signDeviceList(person, [device], previous ? { previous } : {});
    const authorization = previous && authorizeLink(list, person.device(0), device);
    enrolments.push({ list, proof: proveEnrolment(list, device), ...(authorization && { authorization }) });
  }
  return enrolments;
}

/** Registers a person and all their devices. Returns the newest device list. */
export async function enrol(authUrl: string, person: Person): Promise<SignedDeviceList> {
  const [first, ...further] = enrolmentsOf(person);
  if (!first) throw new RangeError('a person has at least one device');
  await post(`${authUrl}/v1/accounts`, first);
  for (const enrolment of further) await post(`${authUrl}/v1/accounts/${person.id}/devices`, enrolment);
  return (further.at(-1) ?? first).list;
}

/** Removes a device from the list, after which it is not served any more. Returns the new list. */
export async function revokeDevice(
  authUrl: string,
  person: Person,
  device: Device,
  previous: SignedDeviceList,
): Promise<SignedDeviceList> {
  const list = signDeviceList(person, [], { previous, removed: [device] });
  await post(`${authUrl}/v1/accounts/${person.id}/devices/${device.id}/revocation`, { list });
  return list;
}

async function post(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${url} was answered ${response.status}: ${text}`);
}

function signed(key: SigningKey, message: Uint8Array): string {
  return key.sign(message).toString('base64');
}
