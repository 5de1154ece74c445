import {
  checkerOf,
  DeviceId,
  decodeBase64,
  encodeBase64,
  encodeBase64Url,
  PublicKey,
  Signature,
  type SignedDeviceList,
  type Static,
  Type,
  UnixSeconds,
  UserId,
} from '@securechat/protocol';
import { CodeNotReadable } from '../errors.ts';
import { nextDeviceList } from './device-list.ts';
import { authorizeDevice, type EnrolmentProof, type LinkAuthorization, proveDevice } from './enrolment.ts';
import type { AccountKey, DeviceKey } from './keys.ts';

/**
 * Linking a further device in three steps between two screens in front of one person, so that no server is in between:
 *
 * 1. the existing device shows an invitation: the server's address, its keys and the account's key;
 * 2. the new device makes a key, and shows a request that proves it;
 * 3. the existing device certifies the key, and enrols the device.
 *
 * Neither code is secret for long: the first only allows asking, and the second contains a public key.
 */
const Invitation = Type.Object({
  http: Type.String({ maxLength: 256 }),
  socket: Type.String({ maxLength: 256 }),
  /** Base64 of the pinned service keys. */
  pins: Type.Array(PublicKey, { minItems: 1, maxItems: 4 }),
  user_id: UserId,
  account_key: PublicKey,
  /** The version of the list that will contain the new device. */
  version: Type.Integer({ minimum: 2 }),
  expires_at: UnixSeconds,
});
export type Invitation = Static<typeof Invitation>;

const LinkRequest = Type.Object({
  user_id: UserId,
  device_id: DeviceId,
  public_key: PublicKey,
  version: Type.Integer({ minimum: 2 }),
  timestamp: UnixSeconds,
  signature: Signature,
});
type LinkRequest = Static<typeof LinkRequest>;

const INVITATION_PREFIX = 'securechat:link/1/';
const REQUEST_PREFIX = 'securechat:linked/1/';
const INVITATION_SECONDS = 10 * 60;
/** How long the server accepts the proof in it. */
const REQUEST_SECONDS = 5 * 60;

const isInvitation = checkerOf(Invitation);
const isLinkRequest = checkerOf(LinkRequest);

/** Step 1, on the existing device. */
export function inviteDevice(
  server: { http: string; socket: string; pins: readonly Uint8Array[] },
  list: SignedDeviceList,
  nowSeconds: number,
): string {
  return encodeCode<Invitation>(INVITATION_PREFIX, {
    http: server.http,
    socket: server.socket,
    pins: server.pins.map(encodeBase64),
    user_id: list.user_id,
    account_key: list.account_key,
    version: list.version + 1,
    expires_at: nowSeconds + INVITATION_SECONDS,
  });
}

/** Step 2, on the new device. Throws `CodeNotReadable`. */
export function readInvitation(code: string, nowSeconds: number): Invitation {
  const invitation = decodeCode<Invitation>(INVITATION_PREFIX, code, isInvitation);
  if (invitation.expires_at < nowSeconds) throw new CodeNotReadable('expired');
  return invitation;
}

/** Step 2: the code that the new device shows. Valid for five minutes, like the proof in it. */
export async function requestLink(
  invitation: Invitation,
  device: DeviceKey,
  nowSeconds: number,
): Promise<string> {
  const { user_id, account_key, version } = invitation;
  const public_key = encodeBase64(device.publicKey);
  const proof = await proveDevice(
    { user_id, account_key, version },
    { deviceId: device.deviceId, publicKey: public_key, secretKey: device.secretKey },
    nowSeconds,
  );
  return encodeCode<LinkRequest>(REQUEST_PREFIX, {
    user_id,
    device_id: device.deviceId,
    public_key,
    version,
    ...proof,
  });
}

/**
 * Step 3, on the existing device, which holds the account key: the content for `addDevice`. Throws `CodeNotReadable`, with `expired` when
 * the list has changed since the invitation or the request is too old.
 */
export async function approveLink(
  owner: { userId: string; key: AccountKey },
  by: DeviceKey,
  previous: SignedDeviceList,
  code: string,
  nowSeconds: number,
): Promise<{ list: SignedDeviceList; proof: EnrolmentProof; authorization: LinkAuthorization }> {
  const request = decodeCode<LinkRequest>(REQUEST_PREFIX, code, isLinkRequest);
  if (request.user_id !== owner.userId) throw new CodeNotReadable('not_for_this');
  const isLate = request.timestamp + REQUEST_SECONDS < nowSeconds;
  if (isLate || request.version !== previous.version + 1) throw new CodeNotReadable('expired');
  const { device_id: deviceId, public_key: publicKey, timestamp, signature } = request;
  const added = { deviceId, publicKey: decodeBase64(publicKey) };
  const list = await nextDeviceList(owner, previous, { added }, nowSeconds);
  const authorization = await authorizeDevice(list, by, { deviceId, publicKey }, nowSeconds);
  return { list, proof: { timestamp, signature }, authorization };
}

function encodeCode<T>(prefix: string, content: T): string {
  return prefix + encodeBase64Url(new TextEncoder().encode(JSON.stringify(content)));
}

function decodeCode<T>(prefix: string, code: string, check: (value: unknown) => unknown): T {
  const trimmed = code.trim();
  if (!trimmed.startsWith(prefix)) throw new CodeNotReadable('not_for_this');
  const letters = trimmed.slice(prefix.length).replaceAll('-', '+').replaceAll('_', '/');
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder().decode(decodeBase64(letters + '='.repeat(-letters.length & 3))));
  } catch {
    throw new CodeNotReadable('garbled');
  }
  if (check(content)) throw new CodeNotReadable('garbled');
  return content as T;
}
