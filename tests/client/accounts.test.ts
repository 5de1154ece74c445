import { describe, expect } from '@jest/globals';
import {
  accountKeyFromRecoveryCode,
  addDevice,
  approveLink,
  askServerFacts,
  createAccount,
  createAccountKey,
  createDeviceKey,
  type DeviceKey,
  firstDeviceList,
  inviteDevice,
  loginDeviceFrom,
  nextDeviceList,
  proveDevice,
  readInvitation,
  recoverAccount,
  recoveryCodeOf,
  requestLink,
  revokeDevice,
} from '@securechat/client/testing';
import { nowSeconds, unusedPort, within } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { useConnections } from './support/connect.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1 });
const { test } = stack;
const open = useConnections(stack);
let people = 0;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const proofOf = (list: Parameters<typeof proveDevice>[0], { deviceId, publicKey, secretKey }: DeviceKey) =>
  proveDevice(list, { deviceId, publicKey: base64(publicKey), secretKey }, nowSeconds());

/** A new account with its first device, enrolled. */
async function enrolled(userId = `person_${++people}`) {
  const owner = { userId, key: await createAccountKey() };
  const device = await createDeviceKey();
  const list = await firstDeviceList(owner, device, nowSeconds());
  await createAccount(stack.constellation.authUrl, { list, proof: await proofOf(list, device) });
  return { owner, device, list };
}

const logIn = (userId: string, device: DeviceKey) => open(loginDeviceFrom(userId, device)).connected();

describe('an account', () => {
  test('is made with its first device, which logs in', async () => {
    const { owner, device, list } = await enrolled();
    await logIn(owner.userId, device);
    const again = { list, proof: await proofOf(list, device) };
    await createAccount(stack.constellation.authUrl, again);
  });

  test('is refused when the name is taken', async () => {
    const { owner } = await enrolled();
    await expect(enrolled(owner.userId)).rejects.toMatchObject({
      name: 'ServerRefused',
      error: 'ACCOUNT_CONFLICT',
      isRetryable: false,
    });
  });
});

test('a further device is linked by two codes, pins what the first one pins, and logs in', async () => {
  const { owner, device, list } = await enrolled();
  const { authUrl, serviceKey, gateways } = stack.constellation;
  const server = { http: authUrl, socket: gateways[0]!.wsUrl, pins: [serviceKey] };
  const invitation = readInvitation(inviteDevice(server, list, nowSeconds()), nowSeconds());
  expect(invitation).toMatchObject({
    ...{ user_id: owner.userId, account_key: base64(owner.key.publicKey), http: authUrl },
    pins: [base64(serviceKey)],
  });
  const laptop = await createDeviceKey();
  const code = await requestLink(invitation, laptop, nowSeconds());
  // the server would call that a wrong clock
  const late = approveLink(owner, device, list, code, nowSeconds() + 302);
  await expect(late).rejects.toMatchObject({ because: 'expired' });
  const enrolment = await approveLink(owner, device, list, code, nowSeconds());
  await addDevice(authUrl, enrolment);
  await logIn(owner.userId, laptop);

  const again = approveLink(owner, device, enrolment.list, code, nowSeconds());
  await expect(again).rejects.toMatchObject({ because: 'expired' });
  const stranger = { ...owner, userId: 'stranger' };
  await expect(approveLink(stranger, device, list, code, nowSeconds())).rejects.toMatchObject({
    because: 'not_for_this',
  });
});

test('a code that is late, cut or of another kind is refused', async () => {
  const { list } = await enrolled();
  const server = { http: 'https://a', socket: 'wss://a', pins: [new Uint8Array(32)] };
  const code = inviteDevice(server, list, nowSeconds());
  expect(() => readInvitation(code, nowSeconds() + 601)).toThrow('expired');
  expect(() => readInvitation(code.slice(0, -7), nowSeconds())).toThrow('garbled');
  expect(() => readInvitation('securechat:link/1/e30', nowSeconds())).toThrow('garbled');
  expect(() => readInvitation('https://example.org', nowSeconds())).toThrow('not_for_this');
});

test('a revoked device is not served any more', async () => {
  const { owner, device, list } = await enrolled();
  const laptop = await createDeviceKey();
  const server = { http: '', socket: '', pins: [stack.constellation.serviceKey] };
  const invitation = readInvitation(inviteDevice(server, list, nowSeconds()), nowSeconds());
  const code = await requestLink(invitation, laptop, nowSeconds());
  const { authUrl } = stack.constellation;
  const enrolment = await approveLink(owner, device, list, code, nowSeconds());
  await addDevice(authUrl, enrolment);
  const watched = open(loginDeviceFrom(owner.userId, laptop));
  await watched.connected();

  const next = await nextDeviceList(owner, enrolment.list, { removed: [laptop.deviceId] }, nowSeconds());
  await revokeDevice(authUrl, laptop.deviceId, next);
  expect((await watched.ended()).name).toBe('DeviceRevoked');
  await logIn(owner.userId, device);
});

test('who has lost all devices comes back with the recovery code, and the others are out', async () => {
  const { owner, device, list } = await enrolled();
  const lost = open(loginDeviceFrom(owner.userId, device));
  await lost.connected();
  const code = await recoveryCodeOf(owner.key);

  const key = await accountKeyFromRecoveryCode(code.toLowerCase());
  const phone = await createDeviceKey();
  const removed = list.devices.map(({ device_id }) => device_id);
  const next = await nextDeviceList(
    { userId: owner.userId, key },
    list,
    { added: phone, removed },
    nowSeconds(),
  );
  await recoverAccount(stack.constellation.authUrl, { list: next, proof: await proofOf(next, phone) });
  await logIn(owner.userId, phone);
  expect((await lost.ended()).name).toBe('DeviceRevoked');
});

describe('the door', () => {
  test('says what clients need before they have a key', async () => {
    expect(await askServerFacts(stack.constellation.authUrl)).toEqual({
      serviceKey: new Uint8Array(stack.constellation.serviceKey),
      enrolment: 'open',
      protocolVersions: ['1.0'],
      webSocketPath: '/v1/ws',
    });
  });

  test('where nobody answers, it is tried again, and given up when the person goes away', async () => {
    const closed = `http://127.0.0.1:${await unusedPort()}`;
    const signal = AbortSignal.timeout(1_500);
    const asked = askServerFacts(closed, { signal });
    await expect(within(asked, 5_000, () => 'an end')).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
