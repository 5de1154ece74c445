import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SignedDeviceList } from '@securechat/protocol';
import { openTestHttp, type TestHttp } from '../testing/http.ts';
import {
  authorize,
  base64,
  certify,
  createDevice,
  createPerson,
  type Device,
  firstList,
  nextList,
  nowSeconds,
  type Person,
  prove,
} from '../testing/lists.ts';
import { createOwnDatabase, type OwnDatabase } from '../testing/own-database.ts';

let database: OwnDatabase;
let http: TestHttp;

beforeAll(async () => {
  database = await createOwnDatabase();
  http = openTestHttp(database.url);
});
afterAll(async () => {
  await http?.close();
  await database?.drop();
});

type Account = { person: Person; list: SignedDeviceList };
/** By user id; they consent to further devices. */
const firstDevices = new Map<string, Device>();

/** An account with this many devices. */
async function enrolAccount(devices = 1): Promise<Account> {
  const person = createPerson();
  const first = createDevice();
  firstDevices.set(person.id, first);
  let list = firstList(person, first);
  expect((await http.post('/v1/accounts', { list, proof: prove(list, first) })).status).toBe(201);
  for (let n = 1; n < devices; n++) {
    const device = createDevice();
    list = nextList(person, list, device);
    expect((await add(person, list, device)).status).toBe(201);
  }
  return { person, list };
}

function add(person: Person, list: SignedDeviceList, device: Device, timestamp?: number) {
  return http.post(`/v1/accounts/${person.id}/devices`, requestFor(list, device, { timestamp }));
}

function requestFor(
  list: SignedDeviceList,
  device: Device,
  { prover = device, timestamp }: { prover?: Device; timestamp?: number | undefined } = {},
) {
  const by = firstDevices.get(list.user_id) ?? createDevice();
  return { list, proof: prove(list, prover, timestamp), authorization: authorize(list, by, device) };
}

async function storedVersions(person: Person): Promise<number[]> {
  const rows = await database.query<{ version: number }>(
    'SELECT version FROM auth.device_lists l JOIN auth.users u ON u.id = l.user_id WHERE u.ext_id = $1 ORDER BY 1',
    [person.id],
  );
  return rows.map(({ version }) => version);
}

describe('POST /v1/accounts/:user_id/devices', () => {
  test('adds one device after another, up to ten', async () => {
    const { person, list } = await enrolAccount(10);
    expect(list.devices).toHaveLength(10);
    expect(await storedVersions(person)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const rows = await database.query<{ ext_id: string }>(
      'SELECT d.ext_id FROM auth.devices d JOIN auth.users u ON u.id = d.user_id WHERE u.ext_id = $1 ORDER BY d.id',
      [person.id],
    );
    expect(rows.map(({ ext_id }) => ext_id)).toEqual(list.devices.map(({ device_id }) => device_id));

    const eleventh = createDevice();
    const reply = await add(person, nextList(person, list, eleventh), eleventh);
    expect(reply).toMatchObject({ status: 400, body: { error_code: 'INVALID_MESSAGE_FORMAT' } });
    expect(reply.body.error_message).toContain('/list/devices maxItems');
  });

  test('the very same request again is answered 200 with the same body, also when more devices have come since', async () => {
    const { person, list } = await enrolAccount();
    const tablet = createDevice();
    const second = nextList(person, list, tablet);
    const first = await add(person, second, tablet);
    const again = await add(person, second, tablet);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    expect(again.body).toEqual({ user_id: person.id, device_id: tablet.id });

    const watch = createDevice();
    expect((await add(person, nextList(person, second, watch), watch)).status).toBe(201);
    const late = await add(person, second, tablet, nowSeconds() - 7200);
    expect(late).toMatchObject({ status: 200, body: first.body });
    expect(await storedVersions(person)).toEqual([1, 2, 3]);
  });

  test('devices may be in any order as long as all are there', async () => {
    const { person, list } = await enrolAccount(2);
    const device = createDevice();
    const devices = [certify(person, device), ...list.devices.toReversed()];
    expect((await add(person, nextList(person, list, device, { devices }), device)).status).toBe(201);
  });
});

describe('a list that does not follow from the stored one is a conflict, and changes nothing', () => {
  async function expectConflict(account: Account, list: SignedDeviceList, device: Device, path: string) {
    const before = await storedVersions(account.person);
    const reply = await add(account.person, list, device);
    expect(reply).toMatchObject({
      status: 409,
      body: { type: 'error', code: 1000, error_code: 'ACCOUNT_CONFLICT' },
    });
    expect(reply.body.error_message).toContain(path);
    expect(await storedVersions(account.person)).toEqual(before);
    return reply.body;
  }

  test('the hash of something else as previous_sha256', async () => {
    const account = await enrolAccount();
    const device = createDevice();
    const list = nextList(account.person, account.list, device, {
      previous_sha256: base64(Buffer.alloc(32, 1)),
    });
    await expectConflict(account, list, device, '/list/previous_sha256');
  });

  test('the hash of the list before the previous one', async () => {
    const account = await enrolAccount();
    const tablet = createDevice();
    const second = nextList(account.person, account.list, tablet);
    await add(account.person, second, tablet);
    const device = createDevice();
    const { previous_sha256 } = second;
    const list = nextList(account.person, second, device, previous_sha256 ? { previous_sha256 } : {});
    await expectConflict(account, list, device, '/list/previous_sha256');
  });

  test('an earlier device left out', async () => {
    const account = await enrolAccount(2);
    const device = createDevice();
    const devices = [...account.list.devices.slice(1), certify(account.person, device)];
    await expectConflict(
      account,
      nextList(account.person, account.list, device, { devices }),
      device,
      '/list/devices',
    );
  });

  test('an earlier device with another key', async () => {
    const account = await enrolAccount(2);
    const device = createDevice();
    const [first, second] = account.list.devices;
    const swapped = certify(account.person, createDevice(first!.device_id), {
      created_at: first!.created_at,
    });
    const devices = [swapped, second!, certify(account.person, device)];
    await expectConflict(
      account,
      nextList(account.person, account.list, device, { devices }),
      device,
      '/list/devices',
    );
  });

  test('an earlier device certified anew', async () => {
    const account = await enrolAccount();
    const device = createDevice();
    const [first] = account.list.devices;
    const { device_id, public_key } = first!;
    const recertified = certify(account.person, device, {
      device_id,
      public_key,
      created_at: first!.created_at + 1,
    });
    const devices = [recertified, certify(account.person, device)];
    await expectConflict(
      account,
      nextList(account.person, account.list, device, { devices }),
      device,
      '/list/devices',
    );
  });

  test('two new devices, or none', async () => {
    const account = await enrolAccount(2);
    const device = createDevice();
    const two = [
      ...account.list.devices,
      certify(account.person, device),
      certify(account.person, createDevice()),
    ];
    await expectConflict(
      account,
      nextList(account.person, account.list, device, { devices: two }),
      device,
      '/list/devices',
    );
    const none = account.list.devices;
    await expectConflict(
      account,
      nextList(account.person, account.list, device, { devices: none }),
      device,
      '/list/devices',
    );
  });

  test('an older version with other content', async () => {
    const account = await enrolAccount();
    const tablet = createDevice();
    const second = nextList(account.person, account.list, tablet);
    await add(account.person, second, tablet);
    const watch = createDevice();
    const third = nextList(account.person, second, watch);
    await add(account.person, third, watch);

    const device = createDevice();
    const fork = nextList(account.person, account.list, device);
    const body = await expectConflict(account, fork, device, '/list/version');
    expect(body.expected).toBe(4);
  });

  test('a version that skips one', async () => {
    const account = await enrolAccount();
    const device = createDevice();
    const list = nextList(account.person, account.list, device, { version: 3 });
    const body = await expectConflict(account, list, device, '/list/version');
    expect(body.expected).toBe(2);
  });

  test('a key that is already a device of somebody else', async () => {
    const account = await enrolAccount();
    const other = createPerson();
    const shared = createDevice();
    const list = firstList(other, shared);
    await http.post('/v1/accounts', { list, proof: prove(list, shared) });
    await expectConflict(
      account,
      nextList(account.person, account.list, shared),
      shared,
      '/list/devices/1/public_key',
    );
  });
});

test('an older list sent again is no way back: the newest stays the newest', async () => {
  const { person, list } = await enrolAccount();
  const [tablet, watch] = [createDevice(), createDevice()];
  const second = nextList(person, list, tablet);
  await add(person, second, tablet);
  const third = nextList(person, second, watch);
  await add(person, third, watch);
  await add(person, second, tablet);
  const [newest] = await database.query<{ list: SignedDeviceList }>(
    `SELECT l.list FROM auth.device_lists l JOIN auth.users u ON u.id = l.user_id
     WHERE u.ext_id = $1 ORDER BY version DESC LIMIT 1`,
    [person.id],
  );
  expect(newest?.list).toEqual(third);

  const first = await http.post(`/v1/accounts/${person.id}/devices`, requestFor(list, tablet));
  expect(first.status).toBe(400);
});

test('of two next lists at once exactly one wins, the other is a conflict; ten times', async () => {
  for (let round = 0; round < 10; round++) {
    const { person, list } = await enrolAccount();
    const devices = [createDevice(), createDevice()];
    const replies = await Promise.all(
      devices.map((device) => add(person, nextList(person, list, device), device)),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(replies.find(({ status }) => status === 409)?.body).toMatchObject({
      error_code: 'ACCOUNT_CONFLICT',
      expected: 3,
    });
    expect(await storedVersions(person)).toEqual([1, 2]);
    const rows = await database.query(
      'SELECT 1 FROM auth.devices d JOIN auth.users u ON u.id = d.user_id WHERE u.ext_id = $1',
      [person.id],
    );
    expect(rows).toHaveLength(2);
  }
});

describe('who may add a device', () => {
  test('only the account key: another key and an unknown account are answered alike', async () => {
    const { person, list } = await enrolAccount();
    const device = createDevice();
    const answers = [];
    for (const id of [person.id, createPerson().id]) {
      const mallory = { ...createPerson(), id };
      const account_key = base64(mallory.accountKey.publicKey);
      const devices = [certify(mallory, createDevice()), certify(mallory, device)];
      const forged = nextList(mallory, { ...list, account_key }, device, { user_id: id, devices });
      answers.push(await add(mallory, forged, device));
    }
    expect(answers[0]).toMatchObject({
      status: 401,
      body: { code: 1001, error_code: 'AUTHENTICATION_FAILED' },
    });
    expect(answers[1]?.body).toEqual(answers[0]?.body);
    expect(answers[1]?.status).toBe(401);
    expect(await storedVersions(person)).toEqual([1]);
  });

  test('the new device must prove its key', async () => {
    const { person, list } = await enrolAccount();
    const device = createDevice();
    const next = nextList(person, list, device);
    const other = { id: device.id, key: createDevice().key };
    const request = requestFor(next, device, { prover: other });
    const reply = await http.post(`/v1/accounts/${person.id}/devices`, request);
    expect(reply).toMatchObject({ status: 401, body: { error_code: 'INVALID_SIGNATURE' } });
  });

  test('a disabled account gets no more devices', async () => {
    const { person, list } = await enrolAccount();
    await database.query(`UPDATE auth.users SET state = 'disabled' WHERE ext_id = $1`, [person.id]);
    const device = createDevice();
    expect((await add(person, nextList(person, list, device), device)).status).toBe(401);
  });
});

describe('form and times', () => {
  test('the path must name the user of the list', async () => {
    const { list, person } = await enrolAccount();
    const device = createDevice();
    const next = nextList(person, list, device);
    const request = requestFor(next, device);
    const reply = await http.post(`/v1/accounts/${createPerson().id}/devices`, request);
    expect(reply.status).toBe(400);
    expect(reply.body.error_message).toContain('/list/user_id');
    const odd = await http.post('/v1/accounts/c_x/devices', request);
    expect(odd.status).toBe(400);
  });

  test('the same device id or key twice, and a list without previous_sha256', async () => {
    const { list, person } = await enrolAccount();
    const device = createDevice();
    const [first] = list.devices;
    const sameId = [first!, certify(person, device, { device_id: first!.device_id })];
    const sameKey = [first!, certify(person, device, { public_key: first!.public_key })];
    for (const devices of [sameId, sameKey]) {
      const reply = await add(person, nextList(person, list, device, { devices }), device);
      expect(reply.status).toBe(400);
      expect(reply.body.error_message).toContain('/list/devices');
    }
    const { previous_sha256: _, ...unchained } = nextList(person, list, device);
    const reply = await add(person, unchained, device);
    expect(reply.status).toBe(400);
    expect(reply.body.error_message).toContain('/list required');
  });

  test('a new list, certificate or proof out of its time', async () => {
    const { list, person } = await enrolAccount();
    const device = createDevice();
    const old = nextList(person, list, device, { created_at: nowSeconds() - 3700 });
    expect((await add(person, old, device)).body.error_message).toContain('/list/created_at');
    const devices = [...list.devices, certify(person, device, { created_at: nowSeconds() + 3700 })];
    const early = nextList(person, list, device, { devices });
    expect((await add(person, early, device)).body.error_message).toContain('/list/devices/1/created_at');
    const stale = await add(person, nextList(person, list, device), device, nowSeconds() - 310);
    expect(stale.body.error_message).toContain('/proof/timestamp');
    expect(stale.status).toBe(400);
    expect(await storedVersions(person)).toEqual([1]);
  });
});
