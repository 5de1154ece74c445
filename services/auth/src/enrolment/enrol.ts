import type { Clock } from '@securechat/kernel';
import type { DeviceCertificate, SignedDeviceList } from '@securechat/protocol';
import type { ClientBase, Pool } from 'pg';
import { insertDevice } from '../store/account-store.ts';
import { countActive, revokeAllDevices, revokeDevice } from '../store/revocation-store.ts';
import type { Admission } from './admission.ts';
import {
  checkAuthorization,
  checkAuthorizationTime,
  checkDeviceTimes,
  checkProof,
  type EnrolmentProof,
  type LinkAuthorization,
} from './check-list.ts';
import { findAddedDevice, findRemovedDevice, findReplacement } from './compare-lists.ts';
import { type AccountRequest, createAccount } from './create-account.ts';
import { acceptNextList, type ListChange } from './next-list.ts';
import { type Enrolment, refuse } from './outcome.ts';

export type RecoveryRequest = { list: SignedDeviceList; proof: EnrolmentProof };
export type DeviceRequest = RecoveryRequest & { authorization: LinkAuthorization };
export type RevocationRequest = { list: SignedDeviceList };

export type Enrolments = {
  createAccount(request: AccountRequest): Promise<Enrolment>;
  /** The next version of a list with one more device, to which an existing one consents. */
  addDevice(request: DeviceRequest): Promise<Enrolment>;
  /** The next version of a list without this device, which is no longer served from then on. */
  revokeDevice(deviceId: string, request: RevocationRequest): Promise<Enrolment>;
  /** For a user who lost all devices: the next version of a list with one new device and none of the old ones. */
  recover(request: RecoveryRequest): Promise<Enrolment>;
};

export function createEnrolments(parts: {
  pool: Pool;
  clock: Clock;
  admission: Admission;
  /** Tells the gateways what was revoked; never rejects. */
  publish: () => Promise<void>;
}): Enrolments {
  const { pool, clock, admission, publish } = parts;
  const nowSeconds = (): number => Math.floor(clock.now() / 1000);

  async function enter(
    client: ClientBase,
    account: number,
    device: DeviceCertificate,
    { list, proof }: RecoveryRequest,
  ): Promise<void> {
    checkDeviceTimes(list, device, proof, nowSeconds());
    if (await insertDevice(client, account, device)) return;
    refuse('conflict', `/list/devices/${list.devices.indexOf(device)}/public_key`);
  }

  const linking = (request: DeviceRequest): ListChange => ({
    find: (previous) => findAddedDevice(previous, request.list),
    checkProofs(previous, device) {
      checkProof(request.list, device, request.proof);
      checkAuthorization(previous, request.list, device, request.authorization);
    },
    async apply(client, account, device) {
      checkAuthorizationTime(request.authorization, nowSeconds());
      if ((await countActive(client, account, [request.authorization.device_id])) === 0)
        refuse('not_authorized', '/authorization/device_id');
      await enter(client, account, device, request);
    },
  });

  const revocation = (deviceId: string, { list }: RevocationRequest): ListChange => ({
    find(previous) {
      const removed = findRemovedDevice(previous, list);
      if (removed.device_id !== deviceId) refuse('conflict', '/list/devices: another device is gone');
      return removed;
    },
    checkProofs() {},
    async apply(client, account) {
      const left = list.devices.map(({ device_id }) => device_id);
      if ((await countActive(client, account, left)) === 0)
        refuse('conflict', '/list/devices: the last active device cannot be revoked, only replaced');
      await revokeDevice(client, account, deviceId);
    },
  });

  const recovery = (request: RecoveryRequest): ListChange => ({
    find: (previous) => findReplacement(previous, request.list),
    checkProofs: (_previous, device) => checkProof(request.list, device, request.proof),
    async apply(client, account, device) {
      await revokeAllDevices(client, account);
      await enter(client, account, device, request);
    },
  });

  /** Also after a repeated request: the process that took the first one may have died before telling. */
  async function thenPublish(accepting: Promise<Enrolment>): Promise<Enrolment> {
    const enrolment = await accepting;
    await publish();
    return enrolment;
  }

  const accept = (list: SignedDeviceList, change: ListChange): Promise<Enrolment> =>
    acceptNextList({ pool, nowSeconds }, list, change);
  return {
    createAccount: (request) => createAccount({ pool, admission, nowSeconds }, request),
    addDevice: (request) => accept(request.list, linking(request)),
    revokeDevice: (deviceId, request) => thenPublish(accept(request.list, revocation(deviceId, request))),
    recover: (request) => thenPublish(accept(request.list, recovery(request))),
  };
}
