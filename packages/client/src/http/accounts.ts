import type { SignedDeviceList } from '@securechat/protocol';
import type { EnrolmentProof, LinkAuthorization } from '../identity/enrolment.ts';
import { type AskOptions, ask } from './ask.ts';

/** What the server's enrolment asks for, where it does not let everybody in. */
export type Admission = { invite?: string | undefined; token?: string | undefined };

/**
 * Accounts and their devices, at the door of auth (`https://chat.example`). Each request holds the next device list of the
 * account; a repeated one has no second effect. Fail with `ServerRefused`: `ACCOUNT_CONFLICT` when the name is taken or the
 * list has moved on, `PERMISSION_DENIED` without a good invite or token, `AUTHENTICATION_FAILED` for another account key.
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

/** One device more, to which an earlier one agrees. */
export async function addDevice(
  base: string,
  enrolment: { list: SignedDeviceList; proof: EnrolmentProof; authorization: LinkAuthorization },
  options?: AskOptions,
): Promise<void> {
  await ask(`${base}/v1/accounts/${enrolment.list.user_id}/devices`, enrolment, options);
}

/** One device less: it is not served any more. */
export async function revokeDevice(
  base: string,
  deviceId: string,
  list: SignedDeviceList,
  options?: AskOptions,
): Promise<void> {
  await ask(`${base}/v1/accounts/${list.user_id}/devices/${deviceId}/revocation`, { list }, options);
}

/** A new device instead of all others, which are revoked. */
export async function recoverAccount(
  base: string,
  enrolment: { list: SignedDeviceList; proof: EnrolmentProof },
  options?: AskOptions,
): Promise<void> {
  await ask(`${base}/v1/accounts/${enrolment.list.user_id}/recovery`, enrolment, options);
}
