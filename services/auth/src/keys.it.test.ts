import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDirectory } from '@securechat/directory';
import { openPool } from '@securechat/kernel';
import type { KeyBundle } from '@securechat/protocol';
import { type OutRecord, unpackEntry } from '@securechat/protocol/internal';
import { randomX25519Key } from '@securechat/testkit';
import { sweepKeys } from './jobs/sweep-keys.ts';
import { createDeviceStore } from './store/device-store.ts';
import { type AuthProcess, startAuthProcess } from './testing/auth-process.ts';
import { openTestGateway, type TestGateway } from './testing/gateway.ts';
import { type Enrolled, packageOf, uploadOf } from './testing/keys.ts';
import {
  authorize,
  base64,
  createDevice,
  createPerson,
  firstList,
  nextList,
  nowSeconds,
  prove,
} from './testing/lists.ts';
import { createOwnDatabase, type OwnDatabase } from './testing/own-database.ts';

const DAY = 86_400;
/** Three processes on a busy machine. */
const START_DEADLINE_MS = 60_000;
let database: OwnDatabase;
/** Two processes answer this one, and one with small limits answers the other. */
let gateway: TestGateway;
let strict: TestGateway;
let auths: AuthProcess[] = [];

beforeAll(async () => {
  [database, gateway, strict] = await Promise.all([
    createOwnDatabase(),
    openTestGateway(),
    openTestGateway(),
  ]);
  const start = (prefix: string, more: Record<string, string>) =>
    startAuthProcess({
      POSTGRES_URL: database.url,
      REDIS_URL: process.env.TEST_REDIS_URL ?? '',
      STREAM_PREFIX: prefix,
      AUTH_SERVICE_KEY: base64(Buffer.alloc(32, 42)),
      AUTH_ENROLMENTS_PER_MINUTE: '1000',
      ...more,
    });
  const wide = {
    AUTH_KEYS_PER_PAIR_HOUR: '1000',
    AUTH_KEYS_PER_TARGET_HOUR: '1000',
    AUTH_KEY_UPLOADS_PER_HOUR: '10000',
  };
  const narrow = {
    AUTH_KEYS_PER_PAIR_HOUR: '2',
    AUTH_KEYS_PER_TARGET_HOUR: '3',
    AUTH_KEY_REQUESTS_PER_MINUTE: '5',
    AUTH_KEY_UPLOADS_PER_HOUR: '7',
  };
  auths = await Promise.all([start(gateway.prefix, wide), start(gateway.prefix, wide)]);
  auths.push(await start(strict.prefix, narrow));
}, START_DEADLINE_MS);
afterAll(async () => {
  await Promise.all(auths.map((auth) => auth.end('SIGKILL')));
  await Promise.all([gateway?.close(), strict?.close()]);
  await database?.drop();
});

async function enrol(previous?: Enrolled): Promise<Enrolled> {
  const person = previous?.person ?? createPerson();
  const device = createDevice();
  const list = previous ? nextList(person, previous.list, device) : firstList(person, device);
  const path = previous ? `/v1/accounts/${person.id}/devices` : '/v1/accounts';
  const response = await fetch(auths[0]!.httpUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      list,
      proof: prove(list, device),
      ...(previous && { authorization: authorize(list, previous.device, device) }),
    }),
  });
  expect(response.status).toBe(201);
  const [row] = await database.query<{ user_id: string; id: string }>(
    'SELECT user_id, id FROM auth.devices WHERE public_key = $1',
    [device.key.publicKey],
  );
  return { person, device, list, user: Number(row!.user_id), number: Number(row!.id) };
}

type Reply = { ok?: boolean; error?: string; detail?: { path?: string; scope?: string }; count?: number };
async function answerTo<T = Reply>(body: object, through = gateway): Promise<T> {
  const reply = await through.ask(body);
  if (!reply) throw new Error(`no reply; the log says:\n${auths.map((auth) => auth.log()).join('\n')}`);
  return JSON.parse(reply.toString()) as T;
}
const parse = <T>(replies: Buffer[]): T[] => replies.map((reply) => JSON.parse(reply.toString()) as T);

async function fill(owner: Enrolled, count: number, lastResort = true): Promise<void> {
  const uploads = Array.from({ length: count }, () => uploadOf(owner, packageOf(owner)));
  if (lastResort) uploads.push(uploadOf(owner, packageOf(owner, true), true));
  const replies = parse<Reply>(await gateway.askAll(uploads));
  expect(replies.filter(({ ok }) => !ok)).toEqual([]);
}

let requests = 0;
type ClaimReply = { ok: boolean; bundles: KeyBundle[]; error?: string; detail?: object };
function claimOf(asker: Enrolled, target: { id: string }, more: { id?: string; device_id?: string } = {}) {
  const id = `req_${++requests}`;
  return { kind: 'key_claim', user: asker.user, device: asker.number, id, user_id: target.id, ...more };
}
const stockOf = (owner: Enrolled) => answerTo<object>({ kind: 'key_count', device: owner.number });

test('of 200 claims at once on 100 packages, 100 get one of their own and 100 the last resort', async () => {
  const target = await enrol();
  await fill(target, 100);
  const askers = await Promise.all(Array.from({ length: 20 }, () => enrol()));
  const claims = askers.flatMap((asker) => Array.from({ length: 10 }, () => claimOf(asker, target.person)));

  const replies = await gateway.askAll(claims);
  const bundles = parse<ClaimReply>(replies).flatMap((reply) => reply.bundles);
  const once = bundles.filter(({ last_resort }) => !last_resort);
  const resort = bundles.filter(({ last_resort }) => last_resort);
  expect([once.length, resort.length]).toEqual([100, 100]);
  expect(new Set(once.map(({ key_id }) => key_id)).size).toBe(100);
  expect(new Set(resort.map(({ key_package }) => key_package)).size).toBe(1);
  expect(await stockOf(target)).toEqual({ count: 0, last_resort: true, low_water: 10 });

  // a device that did not get the answer asks again, and consumes no second package
  const again = await gateway.askAll(claims);
  expect(again.map(String)).toEqual(replies.map(String));
  // both processes took part
  for (const auth of auths.slice(0, 2)) {
    const page = await (await fetch(`${auth.opsUrl}/metrics`)).text();
    expect(page).toMatch(/auth_answers_total\{kind="key_claim",outcome="ok"\} [1-9]/);
  }
});

test('the same claim at the same moment is answered once', async () => {
  const [target, asker] = [await enrol(), await enrol()];
  await fill(target, 5);
  const claim = claimOf(asker, target.person);
  const replies = await gateway.askAll(Array.from({ length: 8 }, () => claim));
  expect(new Set(replies.map(String)).size).toBe(1);
  expect(await stockOf(target)).toMatchObject({ count: 4 });
  const other = { ...claim, user_id: asker.person.id };
  expect(await answerTo(other)).toEqual({ ok: false, error: 'ID_REUSED', detail: { path: '/id' } });
  // another device may use the same id
  const third = await enrol();
  expect(await answerTo(claimOf(third, target.person, { id: claim.id }))).toMatchObject({ ok: true });
  expect(await stockOf(target)).toMatchObject({ count: 3 });
});

test('a claim that took nothing for good is not kept', async () => {
  const [target, asker] = [await enrol(), await enrol()];
  await fill(target, 1);
  const claims = Array.from({ length: 4 }, () => claimOf(asker, target.person));
  const [, ...replies] = parse<ClaimReply>(await gateway.askAll(claims));
  expect(replies.flatMap(({ bundles }) => bundles)).toHaveLength(3);
  const kept = await database.query<{ bundles: KeyBundle[] }>(
    'SELECT bundles FROM auth.key_claims WHERE device_id = $1',
    [asker.number],
  );
  expect(kept).toMatchObject([{ bundles: [{ last_resort: false }] }]);
});

test('how many packages a device has is counted for nobody but the device', async () => {
  const owner = await enrol();
  await fill(owner, 3);
  const pool = openPool(database.url, { applicationName: 'stock-test', max: 1 });
  const { findDevice } = createDeviceStore(pool);
  const stockFor = async (key: Buffer) => (await findDevice(owner.person.id, owner.device.id, key))?.stock;
  expect(await stockFor(owner.device.key.publicKey)).toEqual({ count: 3, last_resort: true });
  expect(await stockFor(createDevice().key.publicKey)).toBeNull();
  await database.query('UPDATE auth.devices SET revoked_at = now() WHERE id = $1', [owner.number]);
  expect(await stockFor(owner.device.key.publicKey)).toBeNull();
  await pool.end();
});

describe('an upload', () => {
  test('is counted, and repeated without effect', async () => {
    const owner = await enrol();
    const upload = uploadOf(owner, packageOf(owner));
    const answer = { ok: true, count: 1, last_resort: false, low_water: 10 };
    expect(await answerTo(upload)).toEqual(answer);
    expect(await answerTo(upload)).toEqual(answer);
    const resort = uploadOf(owner, packageOf(owner, true), true);
    expect(await answerTo(resort)).toEqual({ ...answer, last_resort: true });
    expect(await stockOf(owner)).toEqual({ count: 1, last_resort: true, low_water: 10 });
  });

  test('with one thing wrong is refused by its name, and nothing is stored', async () => {
    const [owner, other] = [await enrol(), await enrol()];
    const good = uploadOf(owner, packageOf(owner));
    const twice = randomX25519Key();
    const broken = (changes: Parameters<typeof packageOf>[2]) =>
      uploadOf(owner, packageOf(owner, false, changes));
    const cases: [object, string][] = [
      [broken({ trailing: Buffer.from([0]) }), 'form'],
      [broken({ source: 3 }), 'form'],
      [broken({ version: 2 }), 'version'],
      [broken({ suite: 3 }), 'suite'],
      [broken({ initKey: Buffer.alloc(32) }), 'init_key'],
      [broken({ initKey: twice, encryptionKey: twice }), 'encryption_key'],
      [
        broken({
          signatureKey: other.device.key.publicKey,
          leafSigner: other.device.key,
          signer: other.device.key,
        }),
        'signature_key',
      ],
      [broken({ identity: Buffer.from(owner.person.id) }), 'credential'],
      [broken({ suites: [] }), 'capabilities'],
      [broken({ notAfter: nowSeconds() + 91 * DAY }), 'lifetime'],
      [broken({ notAfter: nowSeconds() - 1 }), 'lifetime'],
      [broken({ leafExtensions: [{ type: 1, data: Buffer.alloc(0) }] }), 'leaf_extensions'],
      [broken({ extensions: [{ type: 0x000a, data: Buffer.alloc(0) }] }), 'extensions'],
      [broken({ leafSigner: other.device.key }), 'leaf_signature'],
      [broken({ signer: other.device.key }), 'signature'],
      [uploadOf(owner, packageOf(owner), true), 'capabilities'],
    ];
    for (const [upload, fault] of cases) {
      expect(await answerTo(upload)).toEqual({
        ok: false,
        error: 'INVALID_KEY_PACKAGE',
        detail: { path: `/key_package ${fault}` },
      });
    }
    const second = packageOf(owner);
    const wrongReference = uploadOf(owner, { ...second, reference: good.key_id });
    expect(await answerTo(wrongReference)).toMatchObject({ detail: { path: '/key_package reference' } });
    const wrongKey = uploadOf(owner, { ...second, initKey: randomX25519Key() });
    expect(await answerTo(wrongKey)).toMatchObject({ detail: { path: '/key_package init_key' } });

    // signed for something else, or by someone else
    for (const unsigned of [
      { ...good, signature: uploadOf(owner, second).signature },
      { ...uploadOf(owner, second), key_id: good.key_id },
      uploadOf({ ...owner, device: { ...owner.device, key: other.device.key } }, second),
      { ...good, device: other.number, user: other.user },
    ]) {
      expect(await answerTo(unsigned)).toMatchObject({ ok: false, error: 'INVALID_SIGNATURE' });
    }
    const rows = await database.query('SELECT FROM auth.key_packages WHERE device_id = ANY ($1)', [
      [owner.number, other.number],
    ]);
    expect(rows).toEqual([]);
    expect(await answerTo(good)).toMatchObject({ ok: true, count: 1 });
  });

  test('of a package that was handed out or replaced before is refused for as long as it would be valid', async () => {
    const [owner, asker] = [await enrol(), await enrol()];
    const upload = uploadOf(owner, packageOf(owner));
    const resort = uploadOf(owner, packageOf(owner, true), true);
    await answerTo(upload);
    await answerTo(resort);
    const { bundles } = await answerTo<ClaimReply>(claimOf(asker, owner.person));
    expect(bundles.map(({ key_id }) => key_id)).toEqual([upload.key_id]);
    expect(await answerTo(upload)).toMatchObject({ ok: false, error: 'KEY_ALREADY_USED' });

    // a last resort stays when given out, until a new one replaces it
    expect(await answerTo(resort)).toMatchObject({ ok: true, count: 0, last_resort: true });
    const newer = uploadOf(owner, packageOf(owner, true), true);
    expect(await answerTo(newer)).toMatchObject({ ok: true, last_resort: true });
    expect(await answerTo(resort)).toMatchObject({ ok: false, error: 'KEY_ALREADY_USED' });
    const after = await answerTo<ClaimReply>(claimOf(asker, owner.person));
    expect(after.bundles).toMatchObject([{ key_id: newer.key_id, last_resort: true }]);
  });

  test('beyond 100 packages is refused, however many come at once', async () => {
    const owner = await enrol();
    await fill(owner, 95);
    const more = Array.from({ length: 10 }, () => uploadOf(owner, packageOf(owner)));
    const replies = parse<Reply>(await gateway.askAll(more));
    expect(replies.filter(({ ok }) => ok)).toHaveLength(5);
    expect(replies.filter(({ error }) => error === 'KEY_LIMIT_REACHED')).toHaveLength(5);
    expect(await stockOf(owner)).toMatchObject({ count: 100, last_resort: true });
  });
});

describe('is never handed out:', () => {
  const bundlesFor = async (asker: Enrolled, target: Enrolled, more = {}) =>
    (await answerTo<ClaimReply>(claimOf(asker, target.person, more))).bundles.map(
      ({ device_id }) => device_id,
    );

  test('what has expired, also the last resort', async () => {
    const [owner, asker] = [await enrol(), await enrol()];
    await fill(owner, 2);
    const expire = (which: string) =>
      database.query(
        `UPDATE auth.key_packages SET expires_at = now() - interval '1 second'
         WHERE device_id = $1 AND ${which}`,
        [owner.number],
      );
    await expire('NOT last_resort');
    const { bundles } = await answerTo<ClaimReply>(claimOf(asker, owner.person));
    expect(bundles).toMatchObject([{ last_resort: true }]);
    await expire('last_resort');
    expect(await bundlesFor(asker, owner)).toEqual([]);
    expect(await stockOf(owner)).toMatchObject({ count: 0, last_resort: false });
  });

  test('what belongs to a revoked device, a disabled user, or the device that asks', async () => {
    const phone = await enrol();
    const tablet = await enrol(phone);
    const asker = await enrol();
    for (const owner of [phone, tablet]) await fill(owner, 5);
    expect(await bundlesFor(asker, phone)).toEqual([phone.device.id, tablet.device.id]);
    expect(await bundlesFor(asker, phone, { device_id: tablet.device.id })).toEqual([tablet.device.id]);
    expect(await bundlesFor(asker, phone, { device_id: 'nothing' })).toEqual([]);
    expect(await bundlesFor(phone, phone)).toEqual([tablet.device.id]);

    await database.query('UPDATE auth.devices SET revoked_at = now() WHERE id = $1', [tablet.number]);
    expect(await bundlesFor(asker, phone)).toEqual([phone.device.id]);
    expect(await bundlesFor(asker, phone, { device_id: tablet.device.id })).toEqual([]);
    expect(await answerTo(uploadOf(tablet, packageOf(tablet)))).toMatchObject({ error: 'PERMISSION_DENIED' });

    await database.query(`UPDATE auth.users SET state = 'disabled' WHERE id = $1`, [phone.user]);
    expect(await bundlesFor(asker, phone)).toEqual([]);
    expect(await answerTo(claimOf(asker, { id: 'nobody' }))).toMatchObject({ error: 'USER_NOT_FOUND' });
  });
});

describe('limits', () => {
  test('a pair and a target have their hour; beyond it the last resort is given, and nothing tells', async () => {
    const target = await enrol();
    await fill(target, 20);
    const askers = [await enrol(), await enrol(), await enrol()];
    const kinds: boolean[][] = [];
    for (const asker of askers) {
      const claims = Array.from({ length: 3 }, () => claimOf(asker, target.person));
      const replies = parse<ClaimReply>(await strict.askAll(claims));
      kinds.push(replies.flatMap(({ bundles }) => bundles.map(({ last_resort }) => last_resort)).sort());
    }
    // two of three for the first, then one is left of the target's three
    expect(kinds).toEqual([
      [false, false, true],
      [false, true, true],
      [true, true, true],
    ]);
    expect(await stockOf(target)).toMatchObject({ count: 17 });
  });

  test('what was taken of an allowance and not used is given back', async () => {
    const [target, asker] = [await enrol(), await enrol()];
    for (let n = 0; n < 3; n++) {
      expect(await answerTo<ClaimReply>(claimOf(asker, target.person), strict)).toMatchObject({
        bundles: [],
      });
    }
    await fill(target, 1, false);
    const { bundles } = await answerTo<ClaimReply>(claimOf(asker, target.person), strict);
    expect(bundles).toMatchObject([{ last_resort: false }]);
  });

  test('requests and uploads beyond theirs are refused with a time to wait', async () => {
    const [target, asker] = [await enrol(), await enrol()];
    const claims = Array.from({ length: 8 }, () => claimOf(asker, target.person));
    const replies = parse<Reply>(await strict.askAll(claims));
    const refused = replies.filter(({ ok }) => !ok);
    expect(refused).toHaveLength(3);
    expect(refused[0]).toEqual({
      ok: false,
      error: 'RATE_LIMITED',
      detail: { scope: 'key_requests', retry_after_ms: expect.any(Number) },
    });
    const uploads = Array.from({ length: 9 }, () => uploadOf(asker, packageOf(asker)));
    const outcomes = parse<Reply>(await strict.askAll(uploads));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(7);
    expect(outcomes.filter(({ detail }) => detail?.scope === 'key_uploads')).toHaveLength(2);
  });
});

test('a connected device is told when its packages run low, and how many are left', async () => {
  const [target, asker] = [await enrol(), await enrol()];
  await fill(target, 11);
  const directory = createDirectory(gateway.redis, { prefix: gateway.prefix, shards: 4 });
  const route = { user: target.user, device: target.number, gateway: gateway.id, connection: 1 };
  await directory.register({ ...route, maxConnections: 5, liveGateways: [gateway.id] });
  for (let n = 0; n < 3; n++) await answerTo(claimOf(asker, target.person));

  const notices = async (): Promise<OutRecord[]> => {
    const entries = await gateway.redis.xrangeBuffer(`${gateway.prefix}:{g.${gateway.id}}:out`, '-', '+');
    const filled = entries.map(([, fields]) => fields[1]).filter((entry) => entry && entry.length > 0);
    const records = filled.flatMap((entry) => unpackEntry<OutRecord>(entry!));
    return records.map(({ head }) => head).filter(({ kind }) => kind === 'keys');
  };
  for (const untilMs = Date.now() + 3000; (await notices()).length < 2 && Date.now() < untilMs; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const head = { kind: 'keys', device: target.number, last_resort: true, low_water: 10 };
  expect(await notices()).toMatchObject([
    { ...head, count: 9 },
    { ...head, count: 8 },
  ]);
});

test('what is over is deleted, and nothing else', async () => {
  const [owner, asker] = [await enrol(), await enrol()];
  await fill(owner, 4);
  await answerTo(claimOf(asker, owner.person));
  const before = claimOf(asker, owner.person);
  await answerTo(before);
  await database.query(
    `UPDATE auth.key_claims SET at = now() - interval '25 hours' WHERE device_id = $1 AND request_id <> $2`,
    [asker.number, before.id],
  );
  await database.query(
    `UPDATE auth.used_key_packages SET expires_at = now() - interval '2 hours' WHERE device_id = $1`,
    [owner.number],
  );
  await database.query(
    `UPDATE auth.key_packages SET expires_at = now() - interval '1 second' WHERE device_id = $1
       AND ref = (SELECT min(ref::text)::bytea FROM auth.key_packages WHERE device_id = $1)`,
    [owner.number],
  );
  const pool = openPool(database.url, { applicationName: 'sweep-test', max: 1 });
  await sweepKeys(pool);
  await pool.end();
  const count = async (table: string, device: number): Promise<number> =>
    (await database.query(`SELECT FROM auth.${table} WHERE device_id = $1`, [device])).length;
  expect(await count('key_claims', asker.number)).toBe(1);
  expect(await count('used_key_packages', owner.number)).toBe(0);
  expect(await count('key_packages', owner.number)).toBe(2);
  expect(await answerTo<ClaimReply>(before)).toMatchObject({ ok: true, bundles: [{ last_resort: false }] });
});

test('the log names no key, package or person', async () => {
  const log = auths.map((auth) => auth.log()).join('\n');
  const [row] = await database.query<{ bytes: Buffer; ext_id: string }>(
    `SELECT k.bytes, u.ext_id FROM auth.key_packages k JOIN auth.devices d ON d.id = k.device_id
     JOIN auth.users u ON u.id = d.user_id LIMIT 1`,
  );
  for (const secret of [base64(row!.bytes).slice(0, 40), row!.ext_id]) expect(log).not.toContain(secret);
});
