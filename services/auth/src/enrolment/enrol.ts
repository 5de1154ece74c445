import { timingSafeEqual } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Clock, withTransaction } from '@securechat/kernel';
import type { DeviceCertificate, SignedDeviceList } from '@securechat/protocol';
import type { ClientBase, Pool } from 'pg';
import {
  findFirstList,
  findLists,
  insertAccount,
  insertDevice,
  insertList,
  lockAccount,
} from '../store/account-store.ts';
import {
  checkDistinct,
  checkListSignatures,
  checkProof,
  checkTimes,
  type EnrolmentProof,
  findAddedDevice,
  listHash,
} from './check-list.ts';
import { refuse } from './outcome.ts';

export type EnrolmentRequest = { list: SignedDeviceList; proof: EnrolmentProof };
export type Enrolment = { outcome: 'created' | 'repeated'; user_id: string; device_id: string };

export type Enrolments = {
  /** Version 1 of a list with one device. */
  createAccount(request: EnrolmentRequest): Promise<Enrolment>;
  /** The next version of a list with one device more. */
  addDevice(request: EnrolmentRequest): Promise<Enrolment>;
};

/**
 * Both may be repeated: when the very same list is already stored, nothing is written and the answer is the same. What
 * is asked for in any other way than the stored state allows is refused, and then nothing is written at all.
 */
export function createEnrolments(pool: Pool, clock: Clock): Enrolments {
  async function createAccount({ list, proof }: EnrolmentRequest): Promise<Enrolment> {
    const [device] = list.devices;
    if (!device) refuse('bad_form', '/list/devices');
    checkListSignatures(list);
    checkProof(list, device, proof);

    return withTransaction(pool, async (client) => {
      const stored = await findFirstList(client, list.user_id);
      if (stored) return repeatOf(stored, list, device);
      checkTimes(list, device, proof, nowSeconds());

      const account = await insertAccount(client, list);
      if (account === undefined) {
        const winner = await findFirstList(client, list.user_id);
        if (winner) return repeatOf(winner, list, device);
        refuse('conflict', '/list/account_key');
      }
      return store(client, account, list, device);
    });
  }

  async function addDevice({ list, proof }: EnrolmentRequest): Promise<Enrolment> {
    checkDistinct(list);
    checkListSignatures(list);

    return withTransaction(pool, async (client) => {
      const account = await lockAccount(client, list.user_id);
      const accountKey = Buffer.from(list.account_key, 'base64');
      if (!account || !timingSafeEqual(account.account_key, accountKey)) refuse('unknown_account', '/list');

      const lists = await findLists(client, account.id, [list.version - 1, list.version]);
      const next = Math.max(...lists.keys()) + 1;
      const previous = lists.get(list.version - 1);
      if (!previous) refuse('conflict', '/list/version', { expected: next });
      const device = findAddedDevice(previous.list, list);
      checkProof(list, device, proof);

      const stored = lists.get(list.version);
      if (stored) return repeatOf(stored.list, list, device, next);
      if (list.previous_sha256 !== previous.sha256.toString('base64'))
        refuse('conflict', '/list/previous_sha256');
      checkTimes(list, device, proof, nowSeconds());
      return store(client, account.id, list, device);
    });
  }

  function nowSeconds(): number {
    return Math.floor(clock.now() / 1000);
  }

  return { createAccount, addDevice };
}

async function store(
  client: ClientBase,
  account: number,
  list: SignedDeviceList,
  device: DeviceCertificate,
): Promise<Enrolment> {
  if (!(await insertDevice(client, account, device))) {
    refuse('conflict', `/list/devices/${list.devices.indexOf(device)}/public_key`);
  }
  await insertList(client, account, list, listHash(list));
  return { outcome: 'created', user_id: list.user_id, device_id: device.device_id };
}

function repeatOf(
  stored: SignedDeviceList,
  list: SignedDeviceList,
  device: DeviceCertificate,
  next?: number,
): Enrolment {
  if (isDeepStrictEqual(stored, list)) {
    return { outcome: 'repeated', user_id: list.user_id, device_id: device.device_id };
  }
  if (next === undefined) refuse('conflict', '/list/user_id');
  refuse('conflict', '/list/version', { expected: next });
}
