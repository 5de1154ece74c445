// What linking and revoking devices needs; loaded only then.
import { addDevice, revokeDevice } from '../http/accounts.ts';
import { nextDeviceList } from '../identity/device-list.ts';
import { approveLink, inviteDevice } from '../identity/linking.ts';
import { ownList, welcomeKey } from '../runtime/devices.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { toBytes } from '../storage/json.ts';
import { loadKeepsake } from './account.ts';
import { accountKeyOf } from './account-key.ts';

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

export async function linkCode(runtime: Runtime): Promise<string> {
  const { account, core } = runtime;
  await accountKeyOf(account);
  const list = await ownList(runtime);
  const { pins } = await loadKeepsake(core.store);
  const { http, socket } = account.server;
  return inviteDevice({ http, socket, pins }, list, nowSeconds());
}

export async function letIn(runtime: Runtime, code: string): Promise<void> {
  const { account, core, pins } = runtime;
  const owner = { userId: account.userId, key: await accountKeyOf(account) };
  const enrolment = await approveLink(owner, core.own, await ownList(runtime), code, nowSeconds());
  await addDevice(account.server.http, enrolment);
  await pins.take(enrolment.list);
  const added = enrolment.list.devices.at(-1)?.device_id;
  if (added !== undefined) await core.store.write([{ put: welcomeKey(added), value: toBytes(Date.now()) }]);
}

export async function takeOut(runtime: Runtime, deviceId: string): Promise<void> {
  const { account, core, pins } = runtime;
  const owner = { userId: account.userId, key: await accountKeyOf(account) };
  const list = await nextDeviceList(owner, await ownList(runtime), { removed: [deviceId] }, nowSeconds());
  await revokeDevice(account.server.http, deviceId, list);
  await pins.take(list);
  await core.store.write([{ delete: welcomeKey(deviceId) }]);
}
