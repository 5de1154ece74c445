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
export type Enrolment = { list: SignedDeviceList; proof: EnrolmentProof };

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** The next list of a person: `previous` plus the new devices, each certified and all signed by the account key. */
export function signDeviceList(
  person: Person,
  added: readonly Device[],
  options: { previous?: SignedDeviceList; createdAt?: number } = {},
): SignedDeviceList {
  const { previous, createdAt = nowSeconds() } = options;
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
    devices: [...(previous?.devices ?? []), ...certificates],
  };
  return { ...list, signature: signed(person.accountKey, deviceListTranscript(list)) };
}

/** The new device shows that it holds its key. */
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

/** The requests that make a person and all their devices known to auth, in order. */
export function enrolmentsOf(person: Person): Enrolment[] {
  const enrolments: Enrolment[] = [];
  for (const device of person.devices) {
    const previous = enrolments.at(-1)?.list;
    const list = signDeviceList(person, [device], previous ? { previous } : {});
    enrolments.push({ list, proof: proveEnrolment(list, device) });
  }
  return enrolments;
}

/** Makes a person and all their devices known. Returns the newest device list. */
export async function enrol(authUrl: string, person: Person): Promise<SignedDeviceList> {
  const [first, ...further] = enrolmentsOf(person);
  if (!first) throw new RangeError('a person has at least one device');
  await post(`${authUrl}/v1/accounts`, first);
  for (const enrolment of further) await post(`${authUrl}/v1/accounts/${person.id}/devices`, enrolment);
  return (further.at(-1) ?? first).list;
}

async function post(url: string, body: Enrolment): Promise<void> {
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
