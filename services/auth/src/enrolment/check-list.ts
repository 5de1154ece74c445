import { sha256, verifySignature } from '@securechat/crypto/sign';
import {
  type DeviceCertificate,
  deviceCertTranscript,
  deviceListTranscript,
  type SignedDeviceList,
  transcript,
} from '@securechat/protocol';
import { refuse } from './outcome.ts';

/** The new device's proof of its key: a signature over `device-enrolment`. */
export type EnrolmentProof = { timestamp: number; signature: string };
/** An existing device's consent to the new one: a signature over `device-link`. */
export type LinkAuthorization = { device_id: string; timestamp: number; signature: string };

/** A list is signed just before it is sent; an hour allows for unsynchronised clocks. */
const MAX_LIST_AGE_SECONDS = 3600;
const MAX_PROOF_AGE_SECONDS = 5 * 60;

/** What a schema cannot express. */
export function checkDistinct(list: SignedDeviceList): void {
  for (const field of ['device_id', 'public_key'] as const) {
    const values = list.devices.map((device) => device[field]);
    if (new Set(values).size < values.length) refuse('bad_form', `/list/devices: the same ${field} twice`);
  }
}

/**
 * Everything the account key has signed. Verifying a real signature also rules out keys of small order and
 * non-canonical encodings of a key, because `verifySignature` does.
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

/** By a device of the previous list, which therefore knows its key. */
export function checkAuthorization(
  previous: SignedDeviceList,
  list: SignedDeviceList,
  device: DeviceCertificate,
  authorization: LinkAuthorization,
): void {
  const authorizing = previous.devices.find(({ device_id }) => device_id === authorization.device_id);
  if (!authorizing) refuse('not_authorized', '/authorization/device_id');
  const message = transcript('device-link', {
    user_id: list.user_id,
    device_id: authorization.device_id,
    new_device_id: device.device_id,
    new_public_key: device.public_key,
    list_version: list.version,
    list_sha256: listHash(list).toString('base64'),
    timestamp: authorization.timestamp,
  });
  const key = Buffer.from(authorizing.public_key, 'base64');
  if (!verifySignature(key, message, Buffer.from(authorization.signature, 'base64'))) {
    refuse('bad_signature', '/authorization/signature');
  }
}

/** Times are checked only for changes: repeating a request that took effect is harmless at any time. */
function checkAge(seconds: number, maxSeconds: number, path: string, nowSeconds: number): void {
  if (Math.abs(seconds - nowSeconds) > maxSeconds) refuse('bad_time', path);
}

export function checkListTime(list: SignedDeviceList, nowSeconds: number): void {
  checkAge(list.created_at, MAX_LIST_AGE_SECONDS, '/list/created_at', nowSeconds);
}

/** For a device that is new in the list. */
export function checkDeviceTimes(
  list: SignedDeviceList,
  device: DeviceCertificate,
  proof: EnrolmentProof,
  nowSeconds: number,
): void {
  const path = `/list/devices/${list.devices.indexOf(device)}/created_at`;
  checkAge(device.created_at, MAX_LIST_AGE_SECONDS, path, nowSeconds);
  checkAge(proof.timestamp, MAX_PROOF_AGE_SECONDS, '/proof/timestamp', nowSeconds);
}

export function checkAuthorizationTime({ timestamp }: LinkAuthorization, nowSeconds: number): void {
  checkAge(timestamp, MAX_PROOF_AGE_SECONDS, '/authorization/timestamp', nowSeconds);
}

/** What the next version of the list must carry as `previous_sha256`. */
export function listHash(list: SignedDeviceList): Buffer {
  return sha256(deviceListTranscript(list));
}
