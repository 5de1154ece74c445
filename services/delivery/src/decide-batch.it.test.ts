import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@securechat/testkit';
import { Client } from 'pg';
import { decideBatch } from './decide-batch.ts';
import { DEFAULT_POLICY } from './rules/policy.ts';
import {
  type Account,
  ackFrom,
  chatFrom,
  createBy,
  deviceOf,
  type Endpoint,
  hashOf,
  inShort,
  type Place,
  readBy,
} from './testing/records.ts';
import { openWorld, type World } from './testing/world.ts';

let world: World;
let people = 0;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

const newcomer = (devices = 2): Promise<Account> => world.addPerson(`user${++people}`, devices);

async function newPair(): Promise<Place> {
  return world.connect(await newcomer(), await newcomer());
}

/** The answers to a batch, in short form. */
async function answersTo(...args: Parameters<World['run']>): Promise<string[]> {
  return (await world.run(...args)).answers.map(inShort);
}

describe('storing', () => {
  test('a creation makes the conversation, entitles its devices and is its first message', async () => {
    const [a, b] = [await newcomer(), await newcomer(3)];
    const { answers } = await world.run([createBy(a, b, { body: 'welcome' })]);
    expect(answers).toEqual([
      expect.objectContaining({ kind: 'stored', conv_seq: 1, dup: false, connection: deviceOf(a, 0).device }),
    ]);
    expect(await world.mailbox(deviceOf(a, 0))).toEqual([]);
    for (const device of [deviceOf(a, 1), ...b.devices]) {
      expect(await world.mailbox(device)).toEqual([{ seq: 1, conv_seq: 1, body: 'welcome' }]);
    }
    const members = await world.query(
      'SELECT user_name, joined_seq, delivered_seq, read_seq FROM delivery.conv_members WHERE user_id = ANY($1)',
      [[a.user, b.user]],
    );
    const fresh = { joined_seq: 1, delivered_seq: 0, read_seq: 0 };
    expect(members).toEqual([a, b].map(({ name }) => ({ user_name: name, ...fresh })));
  });

  test('a message takes the next place of its conversation and of each mailbox but that of the sending device', async () => {
    const place = await newPair();
    const [phone, laptop] = [deviceOf(place.a, 0), deviceOf(place.a, 1)];
    expect(await answersTo([chatFrom(phone, place, 1, { body: 'one' })])).toEqual(['stored 2']);
    expect(
      await answersTo([
        chatFrom(phone, place, 2, { body: 'two' }),
        chatFrom(laptop, place, 1, { body: 'three' }),
        chatFrom(deviceOf(place.b, 0), place, 1, { body: 'four' }),
      ]),
    ).toEqual(['stored 3', 'stored 4', 'stored 5']);

    const seen = async (account: Account, index: number) =>
      (await world.mailbox(deviceOf(account, index))).map(
        ({ seq, conv_seq, body }) => `${seq} ${conv_seq} ${body}`,
      );
    const welcome = `welcome of ${place.a.name}`;
    expect(await seen(place.a, 0)).toEqual(['1 4 three', '2 5 four']);
    expect(await seen(place.a, 1)).toEqual([`1 1 ${welcome}`, '2 2 one', '3 3 two', '4 5 four']);
    expect(await seen(place.b, 0)).toEqual([`1 1 ${welcome}`, '2 2 one', '3 3 two', '4 4 three']);
    expect(await seen(place.b, 1)).toEqual([`1 1 ${welcome}`, '2 2 one', '3 3 two', '4 4 three', '5 5 four']);
  });

  test('a body is kept byte for byte, whatever stands beside it in the batch', async () => {
    const place = await newPair();
    const phone = deviceOf(place.a, 0);
    const bodies = [
      Buffer.from([0, 255, 10, 0]),
      Buffer.alloc(0),
      Buffer.alloc(60_000, 7),
      Buffer.from('{"a":"ü"}'),
    ];
    await world.run(bodies.map((body, index) => chatFrom(phone, place, index + 1, { body })));
    const stored = await world.query<{ body: Buffer; hash: Buffer }>(
      'SELECT body, hash FROM delivery.messages WHERE sender_device = $1 AND conv_seq > 1 ORDER BY conv_seq',
      [phone.device],
    );
    expect(stored.map(({ body }) => body)).toEqual(bodies);
    expect(stored.map(({ hash }) => hash.toString('base64'))).toEqual(bodies.map(hashOf));
  });

  test('two workers at once on conversations of the same devices: no gap is ever visible, in no mailbox', async () => {
    const hub = await newcomer();
    const places = [await world.connect(hub, await newcomer()), await world.connect(hub, await newcomer())];
    const laptop = deviceOf(hub, 1);
    const before = (await world.mailbox(laptop)).length;
    const rounds = 40;
    let isOver = false;

    const writing = places.map(async (place) => {
      const client = await world.openClient();
      for (let round = 0; round < rounds; round += 1) {
        const batch = [1, 2].map((n) => chatFrom(deviceOf(hub, 0), place, 2 * round + n));
        await world.run([...batch, chatFrom(deviceOf(place.b, 0), place, round + 1)], { client });
      }
    });
    let snapshots = 0;
    const watching = (async () => {
      while (!isOver) {
        const [seen] = await world.query<{ seqs: number[]; head_seq: number }>(
          `SELECT head_seq, ARRAY(SELECT seq FROM delivery.mailbox WHERE device_id = $1 ORDER BY seq) AS seqs
             FROM delivery.device_queue WHERE device_id = $1`,
          [laptop.device],
        );
        // a number that appears after a higher one would be skipped by a reader's cursor
        expect(seen?.seqs).toEqual(Array.from({ length: seen?.head_seq ?? 0 }, (_, index) => index + 1));
        snapshots += 1;
      }
    })();
    await Promise.all(writing).finally(() => {
      isOver = true;
    });
    await watching;
    expect(snapshots).toBeGreaterThan(10);
    expect(await world.mailbox(laptop)).toHaveLength(before + 2 * 3 * rounds);
    for (const { conversation } of places) {
      const [row] = await world.query(
        `SELECT c.next_seq, array_agg(m.conv_seq ORDER BY m.conv_seq) AS seqs FROM delivery.conversations c
           JOIN delivery.messages m ON m.conv_id = c.id WHERE c.ext_id = $1 GROUP BY c.id`,
        [conversation],
      );
      const seqs = Array.from({ length: 3 * rounds + 1 }, (_, index) => index + 1);
      expect(row).toEqual({ next_seq: 3 * rounds + 2, seqs });
    }
  });

  test('a thousand messages take as many statements as one, and not many', async () => {
    const place = await newPair();
    const phone = deviceOf(place.a, 0);
    const client = await world.openClient();
    let statements = 0;
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: unknown[]) => {
      statements += 1;
      return query(...args);
    }) as typeof client.query;

    await world.run([chatFrom(phone, place, 1)], { client });
    const few = statements;
    statements = 0;
    const batch = Array.from({ length: 1000 }, (_, index) => chatFrom(phone, place, index + 2));
    const policy = { ...DEFAULT_POLICY, messagesPerEpoch: 2000 };
    await world.run([...batch, ackFrom(deviceOf(place.b, 0), 1)], { client, policy });
    expect(few).toBeLessThanOrEqual(12);
    // the acknowledgement adds one read and one write
    expect(statements).toBe(few + 2);
    expect(await world.mailbox(deviceOf(place.b, 0))).toHaveLength(1001);
  });

  test('in a group, which is addressed by its own id, a message is stored as well', async () => {
    const place = await newPair();
    await world.query(
      `UPDATE delivery.conversations SET kind = 'group', low_user = NULL, high_user = NULL, low_name = NULL,
              high_name = NULL WHERE ext_id = $1`,
      [place.conversation],
    );
    const phone = deviceOf(place.a, 0);
    expect(
      await answersTo([chatFrom(phone, place, 1), chatFrom(phone, place, 1, { to: place.conversation })]),
    ).toEqual(['PERMISSION_DENIED', 'stored 2']);
  });
});

describe('retries', () => {
  const DAY_MS = 24 * 3600 * 1000;

  test.each([
    ['in the same batch', 0],
    ['in a later batch', 1000],
    ['on the next day', DAY_MS],
    ['three days later', 3 * DAY_MS],
  ])('%s get the first answer again and store nothing', async (_, laterMs) => {
    const place = await newPair();
    const phone = deviceOf(place.a, 0);
    const nowMs = Date.now();
    const message = chatFrom(phone, place, 1);
    const first = await world.run(laterMs === 0 ? [message, message] : [message], { nowMs });
    const again =
      laterMs === 0 ? first.answers[1] : (await world.run([message], { nowMs: nowMs + laterMs })).answers[0];
    expect(again).toEqual({ ...first.answers[0], dup: true, at: nowMs });
    expect(await answersTo([chatFrom(phone, place, 2)], { nowMs: nowMs + laterMs })).toEqual(['stored 3']);
    expect((await world.mailbox(deviceOf(place.b, 0))).map(({ conv_seq }) => conv_seq)).toEqual([1, 2, 3]);
  });

  test('of a creation get its first answer, in the same batch and later', async () => {
    const create = createBy(await newcomer(), await newcomer());
    expect(await answersTo([create, create])).toEqual(['stored 1', 'stored 1 again']);
    expect(await answersTo([create], { nowMs: Date.now() + DAY_MS })).toEqual(['stored 1 again']);
  });

  test('a lost answer is given again although the epoch has moved on since', async () => {
    const place = await newPair();
    const phone = deviceOf(place.a, 0);
    const message = chatFrom(phone, place, 1);
    expect(await answersTo([message])).toEqual(['stored 2']);
    await world.query('UPDATE delivery.conversations SET epoch = 1 WHERE ext_id = $1', [place.conversation]);
    expect(await answersTo([message, chatFrom(phone, place, 2)])).toEqual([
      'stored 2 again',
      'STALE_EPOCH {"epoch":1}',
    ]);
    expect(await answersTo([chatFrom(phone, place, 2, { epoch: 1 })])).toEqual(['stored 3']);
  });

  test('and although the device was removed since', async () => {
    const place = await newPair();
    const phone = deviceOf(place.a, 0);
    const message = chatFrom(phone, place, 1);
    await world.run([message]);
    await world.query('UPDATE delivery.conv_devices SET left_seq = 3 WHERE device_id = $1', [phone.device]);
    expect(await answersTo([message, chatFrom(phone, place, 2)])).toEqual([
      'stored 2 again',
      'PERMISSION_DENIED',
    ]);
    expect(await world.mailbox(phone)).toEqual([]);
  });

  test('an id with other content is refused, in the same batch, later and for another conversation', async () => {
    const place = await newPair();
    const phone = deviceOf(place.a, 0);
    const other = await world.connect(place.a, await newcomer());
    const message = chatFrom(phone, place, 1, { id: 'm_reused', body: 'one' });
    const changed = chatFrom(phone, place, 2, { id: 'm_reused', body: 'two' });
    expect(await answersTo([message, changed])).toEqual(['stored 2', 'ID_REUSED']);
    expect(await answersTo([changed])).toEqual(['ID_REUSED']);
    expect(await answersTo([chatFrom(phone, other, 1, { id: 'm_reused', body: 'three' })])).toEqual([
      'ID_REUSED',
    ]);
    // ids are per device
    expect(await answersTo([chatFrom(deviceOf(place.a, 1), place, 1, { id: 'm_reused' })])).toEqual([
      'stored 3',
    ]);
  });
});

describe('refusals', () => {
  test('a gap is refused until it is filled, message by message', async () => {
    const place = await newPair();
    const phone = deviceOf(place.a, 0);
    const fourth = chatFrom(phone, place, 4);
    const gap = 'SEQ_GAP {"expected":3}';
    expect(await answersTo([chatFrom(phone, place, 1), chatFrom(phone, place, 2), fourth])).toEqual([
      'stored 2',
      'stored 3',
      gap,
    ]);
    expect(await answersTo([fourth])).toEqual([gap]);
    expect(await answersTo([chatFrom(phone, place, 3), fourth])).toEqual(['stored 4', 'stored 5']);
    // a number already used is refused like one that comes too early
    expect(await answersTo([chatFrom(phone, place, 4)])).toEqual(['SEQ_GAP {"expected":5}']);
  });

  test('the answer goes to the connection it came from and names the message', async () => {
    const place = await newPair();
    const message = chatFrom(deviceOf(place.a, 0), place, 9, { id: 'm_lost', gateway: 'g7', connection: 77 });
    const { plan } = await world.run([message]);
    expect(plan.answers).toEqual([
      {
        gateway: 'g7',
        record: {
          kind: 'refused',
          connection: 77,
          error: 'SEQ_GAP',
          detail: { reference_id: 'm_lost', expected: 1 },
        },
      },
    ]);
  });

  test('who is not entitled is refused, and so is who does not say who it is for', async () => {
    const place = await newPair();
    const stranger = await newcomer();
    const phone = deviceOf(place.a, 0);
    const before = await world.query('SELECT count(*) AS n FROM delivery.messages');
    expect(
      await answersTo([
        chatFrom(phone, place, 1, { conversation: 'c_unknown' }),
        chatFrom(deviceOf(stranger, 0), place, 1, { to: place.b.name }),
        chatFrom(phone, place, 1, { to: stranger.name }),
        chatFrom(phone, place, 1, { to: place.a.name }),
        chatFrom(phone, place, 1, { to: place.conversation }),
        chatFrom(phone, place, 1, { expires_at: 1 }),
      ]),
    ).toEqual([...Array(5).fill('PERMISSION_DENIED'), 'EXPIRED']);
    expect(await world.query('SELECT count(*) AS n FROM delivery.messages')).toEqual(before);
    expect(await answersTo([chatFrom(phone, place, 1)])).toEqual(['stored 2']);
  });

  test('a device that was added to the account later is not entitled to the conversation', async () => {
    const place = await newPair();
    const [row] = await world.query<{ id: number }>(
      `INSERT INTO auth.devices (user_id, ext_id, public_key) VALUES ($1, 'new', decode(md5($2) || md5('x'), 'hex'))
       RETURNING id`,
      [place.a.user, place.a.name],
    );
    const device = { user: place.a.user, device: row?.id ?? 0, address: `${place.a.name}:new` };
    expect(await answersTo([chatFrom(device, place, 1)])).toEqual(['PERMISSION_DENIED']);
  });
});

describe('creating', () => {
  const exists = (conversation: string) =>
    `CONVERSATION_EXISTS ${JSON.stringify({ conversation_id: conversation, epoch: 0 })}`;

  test('of two sides that create at once in two transactions, one wins and the other learns which', async () => {
    const [a, b] = [await newcomer(), await newcomer()];
    const [one, two] = [createBy(a, b), createBy(b, a)];
    const clients = [await world.openClient(), await world.openClient()];
    const results = await Promise.all(
      [one, two].map((record, index) => answersTo([record], { client: clients[index]! })),
    );
    const winner = results[0]?.[0] === 'stored 1' ? one : two;
    const conversation = winner.value.head.type === 'group_create' ? winner.value.head.conversation : '';
    expect(results.flat().toSorted()).toEqual([exists(conversation), 'stored 1']);
    const rows = await world.query('SELECT ext_id FROM delivery.conversations WHERE low_user = $1', [a.user]);
    expect(rows).toEqual([{ ext_id: conversation }]);
  });

  test('so they do in one batch', async () => {
    const [a, b] = [await newcomer(), await newcomer()];
    const first = createBy(a, b, { conversation: 'c_first' });
    expect(await answersTo([first, createBy(b, a), createBy(a, b)])).toEqual([
      'stored 1',
      exists('c_first'),
      exists('c_first'),
    ]);
  });

  test('an id that belongs to others is refused without telling whose it is', async () => {
    const { conversation } = await newPair();
    expect(await answersTo([createBy(await newcomer(), await newcomer(), { conversation })])).toEqual([
      'PERMISSION_DENIED',
    ]);
  });

  test('with an unknown, disabled or deviceless peer it is refused, always alike', async () => {
    const [a, disabled, revoked] = [await newcomer(), await newcomer(), await newcomer()];
    await world.query(`UPDATE auth.users SET state = 'disabled' WHERE id = $1`, [disabled.user]);
    await world.query('UPDATE auth.devices SET revoked_at = now() WHERE user_id = $1', [revoked.user]);
    const unknown = {
      ...disabled,
      name: 'nobody',
      devices: [{ ...deviceOf(disabled, 0), address: 'nobody:phone' }],
    };
    for (const peer of [unknown, disabled, revoked]) {
      expect(await answersTo([createBy(a, peer)])).toEqual(['PERMISSION_DENIED']);
    }
    expect(await world.query('SELECT 1 FROM delivery.conversations WHERE low_user = $1', [a.user])).toEqual(
      [],
    );
  });

  test('a message that stands before the creation in the same batch does not become the first of the conversation', async () => {
    const [a, b] = [await newcomer(), await newcomer()];
    const place = { conversation: 'c_early', a, b };
    const create = createBy(a, b, { conversation: 'c_early' });
    const phone = deviceOf(a, 0);
    expect(await answersTo([chatFrom(phone, place, 1), create, chatFrom(phone, place, 1)])).toEqual([
      'PERMISSION_DENIED',
      'stored 1',
      'stored 2',
    ]);
  });

  test('one that is refused does not profit from another that names the same conversation', async () => {
    const [a, b, c] = [await newcomer(), await newcomer(), await newcomer()];
    const bad = createBy(c, b, { conversation: 'c_wanted', welcome_to: [] });
    const good = createBy(a, b, { conversation: 'c_wanted' });
    expect(await answersTo([bad, good])).toEqual([
      'INVALID_MESSAGE_FORMAT {"path":"/welcome_to"}',
      'stored 1',
    ]);
  });

  test('one that is refused because its id was used leaves no conversation behind', async () => {
    const place = await newPair();
    const peer = await newcomer();
    await world.run([chatFrom(deviceOf(place.a, 0), place, 1, { id: 'm_used' })]);
    expect(await answersTo([createBy(place.a, peer, { id: 'm_used' })])).toEqual(['ID_REUSED']);
    const [same, other] = [createBy(place.a, peer), createBy(place.a, peer, { id: 'm_both' })];
    expect(await answersTo([chatFrom(deviceOf(place.a, 0), place, 2, { id: 'm_both' }), other])).toEqual([
      'stored 3',
      'ID_REUSED',
    ]);
    expect(await answersTo([same])).toEqual(['stored 1']);
  });
});

test('batches that acknowledge and store at once for the same devices do not lose each other anything', async () => {
  const place = await newPair();
  const [sender, reader] = [deviceOf(place.a, 0), deviceOf(place.b, 0)];
  const [one, two] = [await world.openClient(), await world.openClient()];
  const count = 30;
  await Promise.all([
    (async () => {
      for (let n = 1; n <= count; n += 1) await world.run([chatFrom(sender, place, n)], { client: one });
    })(),
    (async () => {
      for (let n = 1; n <= count; n += 1) await world.run([ackFrom(reader, n)], { client: two });
    })(),
  ]);
  await until('all is acknowledged', async () => {
    await world.run([ackFrom(reader, count + 1)]);
    return (await world.mailbox(reader)).length === 0;
  });
  const [queue] = await world.query(
    'SELECT head_seq, acked_seq FROM delivery.device_queue JOIN delivery.device_acks USING (device_id) WHERE device_id = $1',
    [reader.device],
  );
  expect(queue).toEqual({ head_seq: count + 1, acked_seq: count + 1 });
});

test('marks of a conversation that another batch has locked move at once, both marks of a member in one batch', async () => {
  const place = await newPair();
  const [sender, reader] = [deviceOf(place.a, 0), deviceOf(place.b, 0)];
  const [storing, acknowledging] = [await world.openClient(), await world.openClient()];
  await storing.query('BEGIN');
  await decideBatch(storing, [chatFrom(sender, place, 1)], Date.now());
  await acknowledging.query(`SET lock_timeout = '1s'`);
  const records = [ackFrom(reader, 1), readBy(reader, place.conversation, 1)];
  const { moved } = await world.run(records, { client: acknowledging });
  expect(moved.at(-1)).toMatchObject({ user_id: place.b.name, delivered_through: 1, read_through: 1 });
  await storing.query('ROLLBACK');
});

test('acknowledgements of the same devices in another order do not wait for each other', async () => {
  const place = await newPair();
  const [low, high] = [deviceOf(place.b, 0), deviceOf(place.b, 1)];
  const other = new Client(world.url);
  await other.connect();
  const forget = ({ device }: Endpoint) =>
    other.query('DELETE FROM delivery.mailbox WHERE device_id = $1', [device]);
  try {
    await other.query('BEGIN');
    await forget(low);
    const running = world.run([ackFrom(high, 1), ackFrom(low, 1)]);
    await until('it waits', async () => {
      const waits = await world.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return waits.length > 0;
    });
    await forget(high);
    await other.query('COMMIT');
    await running;
  } finally {
    await other.end();
  }
});
