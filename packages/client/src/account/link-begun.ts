import { decodeBase64, encodeBase64 } from '@securechat/protocol';
import { createDeviceKey, type DeviceKey } from '../identity/keys.ts';
import { type Invitation, readInvitation, requestLink } from '../identity/linking.ts';
import { fromBytes, toBytes } from '../storage/json.ts';
import type { Change, Store } from '../storage/store.ts';
import { NoAccountHere } from './account.ts';

/** A device that waits to be let in, and the code it shows. */
export type LinkBegun = {
  readonly invitation: Invitation;
  readonly device: DeviceKey;
  readonly code: string;
  /** Unix ms. After that nobody can let it in by this code any more. */
  readonly untilMs: number;
};

type Stored = Pick<LinkBegun, 'invitation' | 'code' | 'untilMs'> & Record<keyof DeviceKey, string>;

const BEGUN = 'link-begun';
/** Long enough for a person to walk from one screen to the other, and for two clocks that differ: the code is valid for five minutes. */
const WAIT_MS = 10 * 60_000;

/** The link was carried out, or cannot be any more. */
export const linkEnded: Change = { delete: BEGUN };

/**
 * Begins with `invitation`, or goes on with what an earlier run began. Stored before anybody sees the code: otherwise a device could be let
 * in whose keys were lost with the page. For the same account the device stays the same: it may have been let in meanwhile.
 */
export async function beginLink(
  store: Store,
  options: { code?: string; deviceId?: string },
): Promise<LinkBegun & { isResumed: boolean }> {
  const before = await begunIn(store);
  if (options.code === undefined) {
    if (!before) throw new NoAccountHere('no link was begun in this store');
    return { ...before, isResumed: true };
  }
  const nowMs = Date.now();
  const nowSeconds = Math.floor(nowMs / 1000);
  const invitation = readInvitation(options.code, nowSeconds);
  const device =
    sameDevice(before, invitation, options.deviceId) ?? (await createDeviceKey(options.deviceId));
  const code = await requestLink(invitation, device, nowSeconds);
  const begun = { invitation, device, code, untilMs: nowMs + WAIT_MS };
  await store.write([{ put: BEGUN, value: toBytes(storedForm(begun)) }]);
  return { ...begun, isResumed: false };
}

function sameDevice(before: LinkBegun | undefined, { user_id, account_key }: Invitation, deviceId?: string) {
  const isSame = before?.invitation.user_id === user_id && before.invitation.account_key === account_key;
  return isSame && (deviceId === undefined || deviceId === before.device.deviceId)
    ? before.device
    : undefined;
}

async function begunIn(store: Store): Promise<LinkBegun | undefined> {
  const bytes = await store.get(BEGUN);
  if (!bytes) return undefined;
  const { deviceId, publicKey, secretKey, ...begun } = fromBytes<Stored>(bytes);
  const device = { deviceId, publicKey: decodeBase64(publicKey), secretKey: decodeBase64(secretKey) };
  return { ...begun, device };
}

function storedForm({ device, ...begun }: LinkBegun): Stored {
  const { deviceId, publicKey, secretKey } = device;
  return { ...begun, deviceId, publicKey: encodeBase64(publicKey), secretKey: encodeBase64(secretKey) };
}
