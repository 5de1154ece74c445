import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ENTRY_FIELD, type OrderedRecord, packEntry, partitionOf } from '@securechat/protocol/internal';
import { createTestDatabase, openTestRedis, type TestRedis, until } from '@securechat/testkit';
import { type DeliveryProcess, startDelivery } from './testing/delivery-process.ts';
import { openGateway, PARTITIONS, type TestGateway } from './testing/gateway.ts';
import {
  type Account,
  ackFrom,
  chatFrom,
  createBy,
  deviceOf,
  inShort,
  type Place,
  type Rec,
  readBy,
} from './testing/records.ts';
import { openWorld, type World } from './testing/world.ts';

let world: World;
let redis: TestRedis;
let gateway: TestGateway;
let delivery: DeliveryProcess;
let env: Record<string, string>;
let place: Place;
let a: Account;
let b: Account;

beforeAll(async () => {
  [world, redis] = await Promise.all([openWorld(), openTestRedis()]);
  env = {
    ...{ POSTGRES_URL: world.url, REDIS_URL: redis.url, STREAM_PREFIX: redis.prefix },
    // a second process takes part immediately
    DELIVERY_SPREAD_ABOVE_PERCENT: '0',
  };
  gateway = await openGateway(redis);
  [a, b] = [await world.addPerson('alice'), await world.addPerson('bob')];
  place = await world.connect(a, b);
  await gateway.connect(...a.devices, ...b.devices);
  delivery = await startDelivery(env);
});
afterAll(async () => {
  await delivery?.end('SIGKILL');
  await redis?.close();
  await world?.close();
});

/** The answer to this message, in short. */
async function answerTo(record: Rec): Promise<string> {
  const { head } = record.value;
  const id = 'id' in head ? head.id : '';
  return until(`an answer to ${id}`, async () => {
    const found = (await gateway.received()).find(
      (out) =>
        (out.head.kind === 'stored' && out.head.ref === id) ||
        (out.head.kind === 'refused' && out.head.detail.reference_id === id),
    );
    return found && inShort(found.head);
  });
}

let sent = 0;
/** Sends the next message of alice's phone. */
async function send(changes: Parameters<typeof chatFrom>[3] = {}): Promise<string> {
  const record = chatFrom(deviceOf(a, 0), place, ++sent, changes);
  await gateway.send(record);
  return answerTo(record);
}
const deadLetters = () =>
  world.query<{ reason: string }>(
    'SELECT stream, entry_id, reason, payload FROM delivery.dead_letters ORDER BY id',
  );

describe('one process', () => {
  test('is ready and shows its metrics', async () => {
    expect((await fetch(`${delivery.opsUrl}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${delivery.opsUrl}/metrics`)).text()).toContain(
      'securechat_delivery_messages_stored_total',
    );
  });

  test('does its background jobs', async () => {
    for (const job of ['make-partitions', 'expire-messages', 'free-bodies', 'drop-old']) {
      const line = `securechat_delivery_job_runs_total{job="${job}",outcome="done"} `;
      await until(`${job} is done`, async () =>
        (await (await fetch(`${delivery.opsUrl}/metrics`)).text()).includes(line),
      );
    }
  });

  test('stores, answers and delivers a message; its acknowledgement and its being read come back as receipts', async () => {
    const create = createBy(await world.addPerson('charlie'), b);
    await gateway.send(create);
    expect(await answerTo(create)).toBe('stored 1');

    expect(await send({ body: 'hello' })).toBe('stored 2');
    const delivered = await until('it is delivered', async () =>
      (await gateway.received()).find(
        ({ head, body }) => head.kind === 'deliver' && Buffer.from(body).toString() === 'hello',
      ),
    );
    const seqOf = async (account: Account, index: number) =>
      (await world.mailbox(deviceOf(account, index))).at(-1)?.seq;
    expect(delivered.head).toMatchObject({ kind: 'deliver', type: 'chat', conv_seq: 2 });
    expect('to' in delivered.head ? delivered.head.to : []).toEqual([
      [deviceOf(a, 1).device, await seqOf(a, 1)],
      [deviceOf(b, 0).device, await seqOf(b, 0)],
      [deviceOf(b, 1).device, await seqOf(b, 1)],
    ]);

    const reader = deviceOf(b, 0);
    await gateway.send(ackFrom(reader, 100), readBy(reader, place.conversation, 100));
    const receipt = await until('a receipt comes', async () =>
      (await gateway.received()).find(
        ({ head }) => head.kind === 'receipts' && head.marks[0]?.read_through === 2,
      ),
    );
    expect(receipt.head).toMatchObject({
      marks: [{ conversation_id: place.conversation, user_id: 'bob', delivered_through: 2, read_through: 2 }],
    });
    expect(await world.mailbox(reader)).toEqual([]);
  });

  test('answers pages and heads', async () => {
    await send({ body: 'for the page' });
    const laptop = deviceOf(b, 1);
    const page = await gateway.ask({
      kind: 'page',
      device: laptop.device,
      user: b.user,
      from: 0,
      ack: false,
      limit: 200,
    });
    expect(page.head).toMatchObject({ more: false, mailbox_epoch: 1 });
    expect(page.head.items.at(-1)).toMatchObject({ type: 'chat', seq: page.head.through });
    expect(page.bodies.at(-1)).toBe('for the page');
    expect(page.bodies).toHaveLength(page.head.items.length);
    const heads = await gateway.ask({ kind: 'heads', devices: [laptop.device, 987_654] });
    expect(heads.head).toEqual({ heads: [[laptop.device, page.head.through]] });
  });

  test('trims what is committed, and only that', async () => {
    await send();
    const stream = gateway.streams.ordered[partitionOf(place.conversation, PARTITIONS)] ?? '';
    await until('the stream is short', async () => (await redis.redis.xlen(stream)) <= 1);
    expect(await send()).toMatch(/^stored/);
  });
});

describe('entries that can never succeed', () => {
  /** Writes a raw entry to every ordered stream's first partition, then checks that messages still get through. */
  async function passes(entry: Uint8Array): Promise<void> {
    for (const stream of gateway.streams.ordered)
      await redis.redis.xadd(stream, '*', ENTRY_FIELD, Buffer.from(entry));
    expect(await send()).toMatch(/^stored/);
  }
  const packed = (...heads: unknown[]) => packEntry(heads.map((head) => ({ head, body: new Uint8Array(0) })));

  test.each([
    ['is not packed', Buffer.from('nonsense')],
    ['is empty', Buffer.alloc(0)],
    [
      'has a head that is no object',
      packEntry([{ head: null as unknown as object, body: new Uint8Array(0) }]),
    ],
    ['has a head without anything', packed({})],
    ['has a head that lacks its origin', packed({ type: 'ack', through: 1 })],
  ])('one that %s becomes a dead letter', async (_, entry) => {
    const before = (await deadLetters()).length;
    await passes(entry);
    await until(
      'it is parked',
      async () => (await deadLetters()).length === before + gateway.streams.ordered.length,
    );
  });

  test('a record of a type this version does not know is parked alone, and its sender is told', async () => {
    const before = (await deadLetters()).length;
    const phone = deviceOf(a, 0);
    const unknown = { ...chatFrom(phone, place, 1).value.head, type: 'reaction', id: 'm_unknown' };
    const neighbour = chatFrom(phone, place, ++sent);
    await gateway.send(
      { ...neighbour, value: { head: unknown as unknown as OrderedRecord, body: new Uint8Array(0) } },
      neighbour,
    );
    expect(await answerTo(neighbour)).toMatch(/^stored/);
    expect(
      await answerTo({
        ...neighbour,
        value: { ...neighbour.value, head: unknown as unknown as OrderedRecord },
      }),
    ).toBe('INVALID_MESSAGE_FORMAT');
    expect(await deadLetters()).toHaveLength(before + 1);
  });

  test('a record that Postgres refuses is parked alone, and its sender is told', async () => {
    const before = (await deadLetters()).length;
    const phone = deviceOf(a, 0);
    const good = chatFrom(phone, place, ++sent);
    const bad = chatFrom(phone, place, sent + 1, {
      expires_at: Math.floor(Date.now() / 1000) + 3600.5,
      id: 'm_bad',
    });
    const next = chatFrom(phone, place, ++sent);
    await gateway.send(good, bad, next);
    expect(await answerTo(bad)).toBe('INVALID_MESSAGE_FORMAT');
    expect([await answerTo(good), await answerTo(next)]).toEqual([
      expect.stringMatching(/^stored/),
      expect.stringMatching(/^stored/),
    ]);
    expect(await deadLetters()).toHaveLength(before + 1);
  });

  test('a hash of the wrong length is parked and does not shift those of its neighbours', async () => {
    const phone = deviceOf(a, 0);
    const good = chatFrom(phone, place, ++sent);
    const bad = chatFrom(phone, place, sent + 1, { hash: 'AAAA', id: 'm_hash' });
    const next = chatFrom(phone, place, ++sent);
    await gateway.send(good, bad, next);
    expect(await answerTo(bad)).toBe('INVALID_MESSAGE_FORMAT');
    await answerTo(next);
    const again = { ...next, value: { ...next.value, head: { ...next.value.head, connection: 4711 } } };
    await gateway.send(again);
    const answer = await until('the retry is answered', async () =>
      (await gateway.received()).find(({ head }) => 'connection' in head && head.connection === 4711),
    );
    expect(answer.head).toMatchObject({ kind: 'stored', dup: true });
  });
});

describe('waiting for the disk', () => {
  beforeAll(async () => {
    await world.query('CREATE TABLE public.commits (at bigint GENERATED ALWAYS AS IDENTITY, setting text)');
    await world.query(`
      CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        INSERT INTO public.commits (setting) VALUES (current_setting('synchronous_commit'));
        RETURN NULL;
      END $$`);
    await world.query(`CREATE CONSTRAINT TRIGGER note AFTER UPDATE ON delivery.stream_cursors
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.last_id <> NEW.last_id) EXECUTE FUNCTION public.note()`);
  });
  afterAll(() => world.query('DROP TRIGGER note ON delivery.stream_cursors'));

  const settings = async () =>
    (await world.query<{ setting: string }>('SELECT setting FROM public.commits ORDER BY at')).map(
      ({ setting }) => setting,
    );

  // of a sent mark, or of a stream entry trimmed up to the cursor, a crash of Postgres must not lose the record
  test('a message is on disk when it is acknowledged, and so is an acknowledgement before it is told', async () => {
    await send();
    await gateway.send(ackFrom(deviceOf(b, 0), 1));
    await until('both are committed', async () => (await settings()).length >= 2);
    expect(new Set(await settings())).toEqual(new Set(['on']));
  });

  test('so it is when a bad record makes the batch go one by one, in whatever order', async () => {
    await world.query('DELETE FROM public.commits');
    const phone = deviceOf(a, 0);
    const before = ackFrom(deviceOf(b, 1), 1);
    const message = chatFrom(phone, place, ++sent);
    const bad = chatFrom(phone, place, sent + 1, { expires_at: Math.floor(Date.now() / 1000) + 3600.5 });
    // one entry, so that they share a batch
    await gateway.send(message, bad, before);
    expect(await answerTo(message)).toMatch(/^stored/);
    expect(await settings()).toEqual(['on']);
  });
});

describe('starting and ending', () => {
  test('two processes share the streams; one that is told to end exits with 0 and the other takes over at once', async () => {
    const second = await startDelivery(env);
    try {
      const owners = async () =>
        (await world.query(`SELECT DISTINCT split_part(owner, '/', 1) FROM delivery.stream_cursors`)).length;
      await until('both own streams', async () => (await owners()) === 2);
      expect(await second.end('SIGTERM')).toBe(0);
      await until('one owns all', async () => (await owners()) === 1);
      expect(await send()).toMatch(/^stored/);
    } finally {
      await second.end('SIGKILL').catch(() => undefined);
    }
  });

  test('SIGTERM ends it with 0, and nothing of it is left in Postgres', async () => {
    expect(await delivery.end('SIGTERM')).toBe(0);
    expect(delivery.log()).not.toMatch(/"level":"(error|fatal)"/);
    expect(await world.query('SELECT id FROM delivery.stream_workers')).toEqual([]);
    expect(await world.query('SELECT 1 FROM delivery.stream_cursors WHERE owner IS NOT NULL')).toEqual([]);
  });

  test('on a database without its tables it does not start, and says what to run', async () => {
    const empty = await createTestDatabase('empty');
    try {
      await expect(startDelivery({ ...env, POSTGRES_URL: empty.url })).rejects.toThrow(
        /lacks \d+ migration\(s\) of delivery.*services\/delivery\/src\/migrate\.ts/,
      );
    } finally {
      await empty.drop();
    }
  });

  test('with Redis and Postgres away it starts, and stops in order', async () => {
    const away = { POSTGRES_URL: 'postgres://nobody@127.0.0.1:1/none', REDIS_URL: 'redis://127.0.0.1:1' };
    const lonely = await startDelivery({ ...env, ...away });
    expect(await lonely.end('SIGTERM')).toBe(0);
  });
});
