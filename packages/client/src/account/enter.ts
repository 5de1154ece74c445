import { decodeBase64, encodeBase64, type SignedDeviceList } from '@securechat/protocol';
import type {
  Client,
  ClientOptions,
  Link,
  LinkOptions,
  RecoverOptions,
  SignUpOptions,
} from '../api/index.ts';
import { AWAITED } from '../conversations/contents/newest.ts';
import { deviceNamesKey } from '../conversations/contents/own.ts';
import { LoginRefused, NotConnected, SecureChatError } from '../errors.ts';
import { createAccount, recoverAccount } from '../http/accounts.ts';
import { askServerFacts } from '../http/well-known.ts';
import { type DeviceName, proposedName } from '../identity/device-name.ts';
import { proveDevice } from '../identity/enrolment.ts';
import { createDeviceKey, type DeviceKey } from '../identity/keys.ts';
import { Pins } from '../identity/pins.ts';
import { accountKeyFromRecoveryCode } from '../identity/recovery-code.ts';
import { welcomeKey } from '../runtime/devices.ts';
import { toBytes } from '../storage/json.ts';
import type { Change, Store } from '../storage/store.ts';
import { type Account, AnotherAccount, accountChange, keepsakeChange, ownDeviceIn } from './account.ts';
import { doorsAt } from './address.ts';
import { begin, begun, begunChange, expectRoom, offline } from './begun.ts';
import { firstLogin } from './first-login.ts';
import { beginLink, type LinkBegun, linkEnded } from './link-begun.ts';
import { recoveryList } from './recovery-list.ts';

export { moveTo } from './address.ts';

type Whereto = Pick<SignUpOptions, 'server' | 'serviceKey' | 'signal'>;
type Found = { server: Account['server']; serviceKey: Uint8Array };

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

async function findServer({ server: address, serviceKey, signal }: Whereto): Promise<Found> {
  const facts = await askServerFacts(doorsAt(address, '').http, { signal });
  const server = doorsAt(address, facts.webSocketPath);
  return { server, serviceKey: serviceKey === undefined ? facts.serviceKey : decodeBase64(serviceKey) };
}

/** Creates an account with this as its first device. Leaves in the store what `open` opens. */
export async function signUp(options: SignUpOptions): Promise<void> {
  const { store, userId, deviceId, invite, token, signal } = options;
  await expectRoom(store);
  const { server, serviceKey } = await findServer(options);
  const { list, device, secretKey } =
    (await begun(store, userId, deviceId)) ?? (await begin(userId, deviceId, nowSeconds()));
  const account = { userId, own: ownDeviceIn(list, device), server, accountSecret: secretKey };
  // stored before the server hears of it: else a crash would leave a taken name whose key nobody holds
  await keep(options, account, [serviceKey], begunChange(list));
  const enrolment = { list, proof: await prove(list, device) };
  await unlessRefused(store, createAccount(server.http, enrolment, { invite, token }, { signal }));
  await pin(store, list);
}

/** Enrols a new device in place of all others, authorised by the account key from the recovery code. */
export async function recover(options: RecoverOptions): Promise<void> {
  const { store, userId, deviceId, signal } = options;
  await expectRoom(store);
  const { server, serviceKey } = await findServer(options);
  const key = await accountKeyFromRecoveryCode(options.recoveryCode);
  const device = await createDeviceKey(deviceId);
  await recoveryList({ userId, key }, device, async (list) => {
    const account = { userId, own: ownDeviceIn(list, device), server, accountSecret: key.secretKey };
    await keep(options, account, [serviceKey]);
    const enrolment = { list, proof: await prove(list, device) };
    await unlessRefused(store, recoverAccount(server.http, enrolment, { signal }));
    await pin(store, list);
  });
}

/** Step 2 of linking: `code` goes to the existing device, and `done` resolves once that one has approved it. */
export async function link(options: LinkOptions, open: () => Promise<Client>): Promise<Link> {
  await expectRoom(options.store);
  const begun = await beginLink(options.store, options);
  const stopping = new AbortController();
  return {
    code: begun.code,
    done: letIn(options, begun, stopping.signal).then(open),
    cancel: () => stopping.abort(new NotConnected('linking was given up')),
  };
}

async function letIn(
  options: LinkOptions,
  { invitation, device, untilMs, isResumed }: LinkBegun & { isResumed: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { store, transport } = options;
  const pins = invitation.pins.map(decodeBase64);
  const login = { userId: invitation.user_id, device, urls: [invitation.socket], pins, transport };
  const list = await firstLogin(login, { untilMs, isKnown: isResumed, signal }).catch(
    async (error: Error) => {
      // nobody can let it in any more, and nobody has
      if (error.cause instanceof LoginRefused) await store.write([linkEnded]);
      throw error;
    },
  );
  if (list.account_key !== invitation.account_key) {
    await store.write([linkEnded]);
    throw new AnotherAccount('the server shows another account key');
  }
  const account = {
    ...{ userId: invitation.user_id, own: ownDeviceIn(list, device), accountSecret: undefined },
    server: { http: invitation.http, socket: invitation.socket },
  };
  // in this order a crash in between only means that the link is carried out again
  await pin(store, list);
  // the other devices are told its name
  const named = { put: welcomeKey(device.deviceId), value: new Uint8Array() };
  await keep(options, account, pins, named, { put: AWAITED, value: toBytes(Date.now()) });
}

async function prove(list: SignedDeviceList, device: DeviceKey) {
  const { deviceId, secretKey } = device;
  return proveDevice(list, { deviceId, publicKey: encodeBase64(device.publicKey), secretKey }, nowSeconds());
}

async function keep(
  { store, deviceName }: ClientOptions,
  account: Account,
  pins: readonly Uint8Array[],
  ...more: Change[]
): Promise<void> {
  const { deviceId } = account.own;
  const name = proposedName(deviceName);
  const names: DeviceName[] = name === undefined ? [] : [{ deviceId, name, at: Date.now() }];
  await store.write([
    ...[accountChange(account), keepsakeChange({ pins, ticket: undefined }), linkEnded, ...more],
    ...names.map((each): Change => ({ put: deviceNamesKey(deviceId), value: toBytes({ names: [each] }) })),
  ]);
}

/** After a refusal the store is emptied. Without an answer the enrolment may have taken effect: the store can be opened, or signed up into again. */
async function unlessRefused(store: Store, enrolling: Promise<void>): Promise<void> {
  try {
    await enrolling;
  } catch (error) {
    const isRefused = error instanceof SecureChatError && !error.isRetryable;
    if (isRefused) await store.write([{ delete: 'account' }, { delete: 'keepsake' }]);
    throw error;
  }
}

/** Pins the own list first, because every other device of the account is checked against it. */
async function pin(store: Store, list: SignedDeviceList): Promise<void> {
  const pins = await Pins.open({ store, connection: offline });
  await pins.take(list);
}
