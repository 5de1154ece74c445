import type { SignedDeviceList } from '@securechat/protocol';
import type { EnrolmentProof, LinkAuthorization } from '../identity/enrolment.ts';
import { type AskOptions, ask } from './ask.ts';

/** What the server's enrolment demands, unless it is open. */
export type Admission = { invite?: string | undefined; token?: string | undefined };

/**
 * Accounts and their devices, at auth's HTTP API (`https://chat.example`). Each request carries the account's next device list; repeating
 * it has no further effect. Rejects with `ServerRefused`: `ACCOUNT_CONFLICT` when the name is taken or the list has moved on,
 * `PERMISSION_DENIED` without a valid invite or token, `AUTHENTICATION_FAILED` for a different account key.
 */
export async function createAccount(
  base: string,
  enrolment: { list: SignedDeviceList; proof: EnrolmentProof },
  { invite, token }: Admission = {},
  options?: AskOptions,
): Promise<void> {
  const admission = {
    ...(invite === undefined ? {} : { invite }),
    ...(token === undefined ? {} : { token }),
  };
  await ask(`${base}/v1/accounts`, { ...enrolment, ...admission }, options);
}

/** Adds a device, authorised by an existing one. */
export async function addDevice(
  base: string,
  enrolment: { list: SignedDeviceList; proof: EnrolmentProof; authorization: LinkAuthorization },
  options?: AskOptions,
): Promise<void> {
  await ask(`${base}/v1/accounts/${enrolment.list.user_id}/devices`, enrolment, options);
}

/** Revokes a device, which is no longer served. */
export async function revokeDevice(
  base: string,
  deviceId: string,
  list: SignedDeviceList,
  options?: AskOptions,
): Promise<void> {
  await ask(`${base}/v1/accounts/${list.user_id}/devices/${deviceId}/revocation`, { list }, options);
}

/** Adds a new device and revokes all others. */
export async function recoverAccount(
  base: string,
  enrolment: { list: SignedDeviceList; proof: EnrolmentProof },
  options?: AskOptions,
): Promise<void> {
  await ask(`${base}/v1/accounts/${enrolment.list.user_id}/recovery`, enrolment, options);
}
