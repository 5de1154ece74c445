import type { SignedDeviceList } from '@securechat/protocol';
import { firstDeviceList } from '../identity/device-list.ts';
import { createAccountKey, createDeviceKey, type DeviceKey } from '../identity/keys.ts';
import { Pins } from '../identity/pins.ts';
import { StoreTaken } from '../storage/errors.ts';
import { fromBytes, toBytes } from '../storage/json.ts';
import type { Change, Store } from '../storage/store.ts';
import { loadAccount, NoAccountHere } from './account.ts';

/** For `Pins` used before there is a connection. */
export const offline = { request: () => Promise.reject(new TypeError('nothing is asked for here')) };

/** What a new account starts with. */
type Beginning = { list: SignedDeviceList; device: DeviceKey; secretKey: Uint8Array };

const BEGUN = 'sign-up-begun';

export const begunChange = (list: SignedDeviceList): Change => ({ put: BEGUN, value: toBytes(list) });

/** Rejects with `StoreTaken` rather than overwrite the only copy of keys that are in use. */
export async function expectRoom(store: Store): Promise<void> {
  const userId = await userIn(store);
  if (userId === undefined) return;
  // the own device list is pinned only once the server has accepted the sign-up
  const pins = await Pins.open({ store, connection: offline });
  if (pins.known(userId))
    throw new StoreTaken(`This store holds the account ${userId}: open that, or use another store`);
}

/** A sign-up whose answer was lost may have taken effect. Repeated with the same keys it is the same request, and the server answers it again. */
export async function begun(store: Store, userId: string, deviceId?: string): Promise<Beginning | undefined> {
  const bytes = await store.get(BEGUN);
  if (!bytes || (await userIn(store)) !== userId) return undefined;
  const { own, accountSecret } = await loadAccount(store);
  if (!accountSecret || (deviceId !== undefined && deviceId !== own.deviceId)) return undefined;
  return { list: fromBytes<SignedDeviceList>(bytes), device: own, secretKey: accountSecret };
}

export async function begin(
  userId: string,
  deviceId: string | undefined,
  nowSeconds: number,
): Promise<Beginning> {
  const key = await createAccountKey();
  const device = await createDeviceKey(deviceId);
  return {
    list: await firstDeviceList({ userId, key }, device, nowSeconds),
    device,
    secretKey: key.secretKey,
  };
}

async function userIn(store: Store): Promise<string | undefined> {
  try {
    return (await loadAccount(store)).userId;
  } catch (error) {
    if (error instanceof NoAccountHere) return undefined;
    throw error;
  }
}
