import { sha256, verify } from '@securechat/crypto/e2ee';
import {
  decodeBase64,
  encodeBase64,
  encodeBase64Url,
  type KeyBundle,
  keyExchangeTranscript,
  type SignedDeviceList,
} from '@securechat/protocol';
import { sleep, systemClock } from '../../clock.ts';
import type { Core } from '../core.ts';
import { type Address, addressOf, deviceOf, userOf } from '../membership/log.ts';

/** Key packages of devices to add: base64, by address. */
export type Packages = Readonly<Record<Address, string>>;

/** At 60 requests a minute, a large group takes this long. */
const DEADLINE_MS = 180_000;
/** Delays between retries: somebody who has just signed up is about to upload key packages. */
const FIRST_PACKAGES_MS = [500, 1_000, 2_000];

export function packagesOf(packages: Packages, isWanted: (address: Address) => boolean): Packages {
  return Object.fromEntries(Object.entries(packages).filter(([address]) => isWanted(address)));
}

export type PackagesWanted = { users: readonly string[]; devices: readonly Address[] };

/**
 * One key package per device: of all devices of some users except this one, and of some named devices. Each must be signed by its device,
 * which must be in its account's signed list. Devices without one are left out, and added once they have one. `requestId`: the same id
 * gets the same packages for a day.
 */
export async function fetchPackages(
  core: Core,
  { users, devices }: PackagesWanted,
  requestId: string,
  signal: AbortSignal,
): Promise<Packages> {
  const self = addressOf(core.own.userId, core.own.deviceId);
  const found: Record<Address, string> = {};
  const ask = async (user: string, device: string | undefined, again = 0): Promise<void> => {
    const list = await core.people.list(user, { isFresh: true, signal });
    const answer = await core.connection.request(
      'key_bundle_request',
      {
        id: await idFor(requestId, `${device ?? user} ${again}`),
        user_id: user,
        ...(device ? { device_id: device } : {}),
      },
      { signal, deadlineMs: DEADLINE_MS },
    );
    for (const bundle of answer.bundles) {
      const address = addressOf(user, bundle.device_id);
      if (address !== self && (await isGenuine(list, bundle))) found[address] = bundle.key_package;
    }
  };
  for (const user of users) {
    if (user === core.own.userId && (await hasOneDevice(core, signal))) continue;
    await ask(user, undefined);
    const isThere = (): boolean => Object.keys(found).some((address) => userOf(address) === user);
    for (const delayMs of user === core.own.userId ? [] : FIRST_PACKAGES_MS) {
      if (isThere()) break;
      await sleep(systemClock, delayMs, signal);
      await ask(user, undefined, delayMs);
    }
  }
  for (const address of devices) await ask(userOf(address), deviceOf(address));
  return found;
}

async function hasOneDevice(core: Core, signal: AbortSignal): Promise<boolean> {
  return (await core.people.list(core.own.userId, { isFresh: true, signal })).devices.length === 1;
}

async function isGenuine(list: SignedDeviceList, bundle: KeyBundle): Promise<boolean> {
  const device = list.devices.find(({ device_id }) => device_id === bundle.device_id);
  if (!device) return false;
  const keyPackageSha256 = encodeBase64(await sha256(decodeBase64(bundle.key_package)));
  const owner = { user_id: list.user_id, device_id: bundle.device_id };
  const signed = keyExchangeTranscript(owner, bundle, { keyPackageSha256 });
  return verify(decodeBase64(device.public_key), signed, decodeBase64(bundle.signature));
}

/** A separate request id for each user, the same one for the same intent. */
async function idFor(requestId: string, of: string): Promise<string> {
  const digest = await sha256(new TextEncoder().encode(`${requestId} ${of}`));
  return `k_${encodeBase64Url(digest.subarray(0, 18))}`;
}
