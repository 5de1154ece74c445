import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SignedDeviceList } from '@securechat/protocol';
import { openTestHttp, type TestHttp } from '../testing/http.ts';
import {
  authorize,
  certify,
  createDevice,
  createPerson,
  type Device,
  firstList,
  listOf,
  nextList,
  nowSeconds,
  type Person,
  prove,
} from '../testing/lists.ts';
import { createOwnDatabase, type OwnDatabase } from '../testing/own-database.ts';

let database: OwnDatabase;
let http: TestHttp;
let told = 0;

beforeAll(async () => {
  database = await createOwnDatabase();
  http = openTestHttp(database.url, { publish: async () => void told++ });
});
afterAll(async () => {
  await http?.close();
  await database?.drop();
});

type Account = { person: Person; devices: Device[]; list: SignedDeviceList };

async function enrolAccount(count = 2): Promise<Account> {
  const person = createPerson();
  const devices = Array.from({ length: count }, () => createDevice());
  const [first, ...further] = devices;
  let list = firstList(person, first!);
  expect((await http.post('/v1/accounts', { list, proof: prove(list, first!) })).status).toBe(201);
  for (const device of further) {
    list = nextList(person, list, device);
    expect((await link({ person, list, devices }, device)).status).toBe(201);
  }
  return { person, devices, list };
}

/** Links a device; the list of `account` becomes the new one. */
function link(account: Account, added: Device, by = account.devices[0]!, timestamp?: number) {
  const { person, list } = account;
  const request = {
    list,
    proof: prove(list, added),
    authorization: authorize(list, by, added, timestamp),
  };
  return http.post(`/v1/accounts/${person.id}/devices`, request);
}

const revoke = (person: Person, device: Device, list: SignedDeviceList) =>
  http.post(`/v1/accounts/${person.id}/devices/${device.id}/revocation`, { list });
const recover = (person: Person, device: Device, list: SignedDeviceList) =>
  http.post(`/v1/accounts/${person.id}/recovery`, { list, proof: prove(list, device) });

const without = ({ person, list }: Account, gone: Device) =>
  listOf(
    person,
    list,
    list.devices.filter(({ device_id }) => device_id !== gone.id),
  );

async function activeDevices({ person }: Account): Promise<string[]> {
  const rows = await database.query<{ ext_id: string }>(
    `SELECT d.ext_id FROM auth.devices d JOIN auth.users u ON u.id = d.user_id
      WHERE u.ext_id = $1 AND d.revoked_at IS NULL ORDER BY d.id`,
    [person.id],
  );
  return rows.map(({ ext_id }) => ext_id);
}

const revokeByHand = ({ id }: Device) =>
  database.query('UPDATE auth.devices SET revoked_at = now() WHERE ext_id = $1', [id]);

describe('linking a device', () => {
  test('needs an earlier device that agrees to this very list, device and version', async () => {
    const account = await enrolAccount();
    const added = createDevice();
    const list = nextList(account.person, account.list, added);
    const stranger = createDevice(account.devices[0]!.id);
    const other = nextList(account.person, account.list, added, { created_at: list.created_at - 1 });
    const path = `/v1/accounts/${account.person.id}/devices`;
    const proof = prove(list, added);

    expect((await http.post(path, { list, proof })).status).toBe(400);
    for (const authorization of [
      authorize(list, stranger, added),
      authorize(list, account.devices[0]!, stranger),
      authorize(other, account.devices[0]!, added),
      { ...authorize(list, account.devices[0]!, added), device_id: account.devices[1]!.id },
    ]) {
      const reply = await http.post(path, { list, proof, authorization });
      expect(reply).toMatchObject({ status: 401, body: { error_code: 'INVALID_SIGNATURE' } });
      expect(reply.body.error_message).toContain('/authorization/signature');
    }
    expect((await link({ ...account, list }, added, account.devices[1]!)).status).toBe(201);
  });

  test('is not agreed to by the new device itself, by a revoked one, or by a word that is old', async () => {
    const account = await enrolAccount();
    const added = createDevice();
    const next = { ...account, list: nextList(account.person, account.list, added) };
    const refused = { status: 403, body: { code: 1006, error_code: 'PERMISSION_DENIED' } };
    expect(await link(next, added, added)).toMatchObject(refused);
    await revokeByHand(account.devices[1]!);
    expect(await link(next, added, account.devices[1]!)).toMatchObject(refused);
    const old = await link(next, added, account.devices[0]!, nowSeconds() - 310);
    expect(old).toMatchObject({ status: 400, body: { error_code: 'TIMESTAMP_OUT_OF_WINDOW' } });
    expect(await activeDevices(account)).toEqual([account.devices[0]!.id]);
  });

  test('may be repeated when the agreeing device is gone by then', async () => {
    const account = await enrolAccount();
    const added = createDevice();
    const next = { ...account, list: nextList(account.person, account.list, added) };
    expect((await link(next, added)).status).toBe(201);
    await revokeByHand(account.devices[0]!);
    expect((await link(next, added)).status).toBe(200);
  });
});

describe('revoking a device', () => {
  test('takes it from the list, ends it, and tells the gateways; again is the same', async () => {
    const account = await enrolAccount(3);
    const [first, second, third] = account.devices;
    const list = without(account, second!);
    const before = told;
    const reply = await revoke(account.person, second!, list);
    expect(reply).toMatchObject({
      status: 201,
      body: { user_id: account.person.id, device_id: second!.id },
    });
    const again = await revoke(account.person, second!, list);
    expect(again).toMatchObject({ status: 200, body: reply.body });
    expect(told).toBe(before + 2);
    expect(await activeDevices(account)).toEqual([first!.id, third!.id]);
  });

  test('neither its key nor its name ever enters a list again', async () => {
    const account = await enrolAccount();
    const [, second] = account.devices;
    const list = without(account, second!);
    await revoke(account.person, second!, list);
    for (const device of [second!, createDevice(second!.id), { ...second!, id: 'other' }]) {
      const reply = await link({ ...account, list: nextList(account.person, list, device) }, device);
      expect(reply).toMatchObject({ status: 409, body: { error_code: 'ACCOUNT_CONFLICT' } });
    }
  });

  test('the last active device cannot be revoked, also when the list names dead ones', async () => {
    const account = await enrolAccount();
    const [first, second] = account.devices;
    await revokeByHand(second!);
    const reply = await revoke(account.person, first!, without(account, first!));
    expect(reply.status).toBe(409);
    expect(reply.body.error_message).toContain('the last active device');
    expect((await revoke(account.person, second!, without(account, second!))).status).toBe(201);
    const alone = { ...account, list: without(account, second!) };
    expect((await revoke(account.person, first!, listOf(account.person, alone.list, []))).status).toBe(409);
    expect(await activeDevices(account)).toEqual([first!.id]);
  });

  test('is for exactly the device in the path, by the account key, on top of the newest list', async () => {
    const account = await enrolAccount(3);
    const { person, devices } = account;
    const [first, second, third] = devices;
    const mallory = { ...createPerson(), id: person.id };
    const refusals = [
      await revoke(person, first!, without(account, second!)),
      await revoke(person, second!, listOf(person, account.list, [account.list.devices[0]!])),
      await revoke(person, second!, listOf(person, account.list, account.list.devices)),
      await revoke(
        person,
        third!,
        listOf(person, account.list, [...account.list.devices.slice(0, 2), certify(person, createDevice())]),
      ),
      await revoke(person, third!, { ...without(account, third!), version: 5 }),
      await revoke(mallory, second!, without({ ...account, person: mallory }, second!)),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([409, 409, 409, 409, 401, 401]);
    expect(await activeDevices(account)).toEqual(devices.map(({ id }) => id));
  });
});

describe('recovery', () => {
  test('with the account key alone: one new device takes the place of all others', async () => {
    const account = await enrolAccount(3);
    const device = createDevice();
    const list = listOf(account.person, account.list, [certify(account.person, device)]);
    const before = told;
    expect((await recover(account.person, device, list)).status).toBe(201);
    expect((await recover(account.person, device, list)).status).toBe(200);
    expect(told).toBe(before + 2);
    expect(await activeDevices(account)).toEqual([device.id]);
    const next = createDevice();
    const linked = { ...account, devices: [device], list: nextList(account.person, list, next) };
    expect((await link(linked, next)).status).toBe(201);
  });

  test('keeps no earlier device, brings exactly one, and that one proves its key', async () => {
    const account = await enrolAccount();
    const device = createDevice();
    const { person, list } = account;
    const kept = listOf(person, list, [list.devices[0]!]);
    expect((await recover(person, account.devices[0]!, kept)).status).toBe(409);
    const two = listOf(person, list, [certify(person, device), certify(person, createDevice())]);
    expect((await recover(person, device, two)).status).toBe(400);
    const unproved = listOf(person, list, [certify(person, device)]);
    const stranger = createDevice(device.id);
    expect((await recover(person, stranger, unproved)).status).toBe(401);
    expect(await activeDevices(account)).toEqual(account.devices.map(({ id }) => id));
  });
});
