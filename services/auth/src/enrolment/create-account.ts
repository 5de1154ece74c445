import { isDeepStrictEqual } from 'node:util';
import { withTransaction } from '@securechat/kernel';
import type { DeviceCertificate, SignedDeviceList } from '@securechat/protocol';
import type { Pool } from 'pg';
import { findFirstList, insertAccount, insertDevice, insertList } from '../store/account-store.ts';
import type { Admission, Credentials } from './admission.ts';
import {
  checkDeviceTimes,
  checkListSignatures,
  checkListTime,
  checkProof,
  type EnrolmentProof,
  listHash,
} from './check-list.ts';
import { type Enrolment, refuse } from './outcome.ts';

export type AccountRequest = { list: SignedDeviceList; proof: EnrolmentProof } & Credentials;

/**
 * Version 1 of a list with one device. Repeating a request that took effect needs no invite or token; otherwise
 * nothing is revealed about accounts before admission is checked.
 */
export async function createAccount(
  parts: { pool: Pool; admission: Admission; nowSeconds: () => number },
  request: AccountRequest,
): Promise<Enrolment> {
  const { pool, admission, nowSeconds } = parts;
  const { list, proof } = request;
  const [device] = list.devices;
  if (!device) refuse('bad_form', '/list/devices');
  checkListSignatures(list);
  checkProof(list, device, proof);

  const stored = await findFirstList(pool, list.user_id);
  if (!isDeepStrictEqual(stored, list)) await admission.check(request);
  if (stored) return repeatOf(stored, list, device);

  return withTransaction(pool, async (client) => {
    checkListTime(list, nowSeconds());
    checkDeviceTimes(list, device, proof, nowSeconds());
    const account = await insertAccount(client, list);
    if (account === undefined) {
      const winner = await findFirstList(client, list.user_id);
      if (winner) return repeatOf(winner, list, device);
      refuse('conflict', '/list/account_key');
    }
    if (!(await insertDevice(client, account, device))) refuse('conflict', '/list/devices/0/public_key');
    await insertList(client, account, list, listHash(list));
    await admission.use(client, account, request);
    return { outcome: 'created', user_id: list.user_id, device_id: device.device_id };
  });
}

function repeatOf(stored: SignedDeviceList, list: SignedDeviceList, device: DeviceCertificate): Enrolment {
  if (!isDeepStrictEqual(stored, list)) refuse('conflict', '/list/user_id');
  return { outcome: 'repeated', user_id: list.user_id, device_id: device.device_id };
}
