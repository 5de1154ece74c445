import { isDeepStrictEqual } from 'node:util';
import { sha256, verifySignature } from '@securechat/crypto/sign';
import {
  type DeviceCertificate,
  deviceCertTranscript,
  deviceListTranscript,
  type SignedDeviceList,
  transcript,
} from '@securechat/protocol';
import { refuse } from './outcome.ts';

/** The new device's word that its key is its own: a signature over `device-enrolment`. */
export type EnrolmentProof = { timestamp: number; signature: string };

/** A list is signed just before it is sent; an hour allows for clocks that nobody set. */
const MAX_LIST_AGE_SECONDS = 3600;
const MAX_PROOF_AGE_SECONDS = 5 * 60;

/** What a schema cannot say. */
export function checkDistinct(list: SignedDeviceList): void {
  for (const field of ['device_id', 'public_key'] as const) {
    const values = list.devices.map((device) => device[field]);
    if (new Set(values).size < values.length) refuse('bad_form', `/list/devices: the same ${field} twice`);
  }
}

/**
 * Everything the account key has signed. Verifying a real signature by a key also refuses keys of small order and
 * second spellings of a key, because `verifySignature` does.
 */
export function checkListSignatures(list: SignedDeviceList): void {
  const accountKey = Buffer.from(list.account_key, 'base64');
  const verify = (message: Uint8Array, signature: string, path: string): void => {
    if (!verifySignature(accountKey, message, Buffer.from(signature, 'base64')))
      refuse('bad_signature', path);
  };
  verify(deviceListTranscript(list), list.signature, '/list/signature');
  for (const [index, device] of list.devices.entries()) {
    verify(deviceCertTranscript(list, device), device.signature, `/list/devices/${index}/signature`);
  }
}

export function checkProof(list: SignedDeviceList, device: DeviceCertificate, proof: EnrolmentProof): void {
  const message = transcript('device-enrolment', {
    user_id: list.user_id,
    account_key: list.account_key,
    device_id: device.device_id,
    public_key: device.public_key,
    list_version: list.version,
    timestamp: proof.timestamp,
  });
  const key = Buffer.from(device.public_key, 'base64');
  if (!verifySignature(key, message, Buffer.from(proof.signature, 'base64'))) {
    refuse('bad_signature', '/proof/signature');
  }
}

/** Asked only of what would be new: to repeat an enrolment that took place is harmless at any time. */
export function checkTimes(
  list: SignedDeviceList,
  device: DeviceCertificate,
  proof: EnrolmentProof,
  nowSeconds: number,
): void {
  const check = (seconds: number, maxSeconds: number, path: string): void => {
    if (Math.abs(seconds - nowSeconds) > maxSeconds) refuse('bad_time', path);
  };
  check(list.created_at, MAX_LIST_AGE_SECONDS, '/list/created_at');
  check(device.created_at, MAX_LIST_AGE_SECONDS, `/list/devices/${list.devices.indexOf(device)}/created_at`);
  check(proof.timestamp, MAX_PROOF_AGE_SECONDS, '/proof/timestamp');
}

/** The one device that `next` has and `previous` has not; all others must be as they were, in whatever order. */
export function findAddedDevice(previous: SignedDeviceList, next: SignedDeviceList): DeviceCertificate {
  const nextById = new Map(next.devices.map((device) => [device.device_id, device]));
  for (const device of previous.devices) {
    if (!isDeepStrictEqual(nextById.get(device.device_id), device)) {
      refuse('conflict', '/list/devices: an earlier device is missing or changed');
    }
    nextById.delete(device.device_id);
  }
  const [added, ...more] = nextById.values();
  if (!added || more.length > 0) refuse('conflict', '/list/devices: not exactly one device is new');
  return added;
}

/** What the next version of the list must carry as `previous_sha256`. */
export function listHash(list: SignedDeviceList): Buffer {
  return sha256(deviceListTranscript(list));
}
