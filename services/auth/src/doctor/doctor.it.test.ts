import { spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Finding, judgeClock, openPool, systemClock } from '@securechat/kernel';
import { createTestClock } from '@securechat/kernel/testing';
import { createSelfSigned } from '@securechat/testkit';
import { noteServiceKey, serviceKeySince } from '../store/service-key-store.ts';
import { base64 } from '../testing/lists.ts';
import { createOwnDatabase, type OwnDatabase } from '../testing/own-database.ts';
import { judgeDoor, lookAtDoor } from './door.ts';
import { lookAtKeys } from './keys.ts';
import { findNoRoom, judgePostgres } from './postgres.ts';
import { judgeRedis, parseInfo } from './redis.ts';
import { lookAtTurn, parseTurnUrl } from './turn.ts';

const SLOW_MS = 120_000;
const wrong = (findings: readonly Finding[]): string[] =>
  findings.filter(({ remedy }) => remedy !== undefined).map(({ says }) => says);

describe('Postgres', () => {
  const sound = {
    version: 150_004,
    fsync: 'on',
    fullPageWrites: 'on',
    synchronousCommit: 'on',
    pending: [],
    missing: [],
    old: [],
    isStandby: false,
    noRoom: undefined,
  };

  test.each([
    [{}, []],
    [{ synchronousCommit: 'remote_apply' }, []],
    [{ version: 140_011 }, ['version 14']],
    [{ fsync: 'off' }, ['fsync = off']],
    [{ fullPageWrites: 'off' }, ['full_page_writes = off']],
    [{ synchronousCommit: 'off' }, ['synchronous_commit = off']],
    [{ pending: ['0006_api_keys'] }, ['not applied: 0006_api_keys']],
    [{ missing: ['files'] }, ['not there: files']],
    [{ old: ['push'] }, ['older than auth: push']],
    [{ isStandby: true }, ['is a standby']],
    [{ noRoom: 'No space left on device' }, ['has no room: No space left on device']],
  ])('with %j', (change, expected) => {
    expect(wrong(judgePostgres({ ...sound, ...change }))).toEqual(expected);
  });
});

test('Postgres is found to have no room by what it cannot put on its disk', async () => {
  const database = await createOwnDatabase('empty');
  const pool = openPool(database.url, { applicationName: 'doctor', max: 1 });
  try {
    expect(await findNoRoom(pool)).toBeUndefined();
    await pool.query(`SET temp_file_limit = '1MB'`);
    expect(await findNoRoom(pool)).toMatch(/temp_file_limit/);
  } finally {
    await pool.end();
    await database.drop();
  }
});

describe('Redis', () => {
  const info = {
    redis_version: '7.0.15',
    used_memory: '100',
    maxmemory: '1000',
    rdb_last_bgsave_status: 'ok',
    aof_last_write_status: 'ok',
    aof_enabled: '1',
  };

  test.each([
    [{}, 'noeviction', []],
    [{ maxmemory: '0' }, 'noeviction', []],
    [{ redis_version: '6.2.7' }, 'noeviction', ['version 6.2.7']],
    [{}, 'allkeys-lru', ['maxmemory-policy allkeys-lru']],
    [{ used_memory: '900' }, 'noeviction', ['90 % of maxmemory is used']],
    [{ rdb_last_bgsave_status: 'err' }, 'noeviction', ['cannot write to its disk']],
    [{ aof_last_write_status: 'err' }, 'noeviction', ['cannot write to its disk']],
  ])('with %j and %s', (change, policy, expected) => {
    expect(wrong(judgeRedis({ ...info, maxmemory_policy: policy, ...change }))).toEqual(expected);
  });

  test('its INFO is read line by line', () => {
    expect(parseInfo('# Server\r\nredis_version:7.0.15\r\nos:Linux: x\r\n')).toEqual({
      redis_version: '7.0.15',
      os: 'Linux: x',
    });
  });
});

test('clocks that differ by more than 5 s are found, in both directions', () => {
  expect([0, 4_900, -4_900, 5_100, -5_100].map((ms) => judgeClock('Redis', ms).remedy !== undefined)).toEqual(
    [false, false, false, true, true],
  );
});

describe('TURN', () => {
  const udp = async (answer: (request: Buffer) => Buffer | undefined): Promise<Socket> => {
    const socket = createSocket('udp4');
    socket.on('message', (request, from) => {
      const reply = answer(request);
      if (reply) socket.send(reply, from.port, from.address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return socket;
  };

  test(
    'is asked by STUN, and by a connection; who is silent or says something else is found',
    async () => {
      const speaks = await udp((request) =>
        Buffer.concat([Buffer.from([1, 1, 0, 0]), request.subarray(4, 20)]),
      );
      const lies = await udp((request) =>
        Buffer.concat([Buffer.from([1, 1, 0, 0]), request.subarray(4, 12), Buffer.alloc(8)]),
      );
      const silent = await udp(() => undefined);
      const tcp = createTcpServer((socket) => socket.end());
      tcp.listen(0, '127.0.0.1');
      await once(tcp, 'listening');
      const tcpPort = (tcp.address() as AddressInfo).port;
      try {
        const urls = [
          `turn:127.0.0.1:${speaks.address().port}?transport=udp`,
          `turn:127.0.0.1:${tcpPort}?transport=tcp`,
          `turn:127.0.0.1:${lies.address().port}`,
          `turn:127.0.0.1:${silent.address().port}`,
          'turn:127.0.0.1:1?transport=tcp',
          `turns:127.0.0.1:${tcpPort}?transport=tcp`,
        ];
        const found = await lookAtTurn(urls);
        expect(found.map(({ remedy }) => remedy === undefined)).toEqual([
          true,
          true,
          false,
          false,
          false,
          false,
        ]);
        expect(found[2]?.says).toContain('no STUN');
        expect(found[3]?.says).toContain('no answer within');
      } finally {
        for (const socket of [speaks, lies, silent]) socket.close();
        tcp.close();
      }
    },
    SLOW_MS,
  );

  test('its addresses have their standard ports', () => {
    expect(parseTurnUrl('turns:turn.example.org?transport=tcp')).toEqual({
      isTls: true,
      isTcp: true,
      host: 'turn.example.org',
      port: 5349,
    });
    expect(parseTurnUrl('turn:[2001:db8::1]')).toMatchObject({
      isTls: false,
      host: '2001:db8::1',
      port: 3478,
    });
  });
});

describe('the door', () => {
  const { certificate, key } = createSelfSigned();
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });

  async function door(options: object = {}): Promise<string> {
    const server = createServer({ cert: certificate, key, ...options }, (_request, response) =>
      response.end(JSON.stringify({ service_keys: [{ id: 'ours' }] })),
    );
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `https://localhost:${(server.address() as AddressInfo).port}`;
  }
  const OLD_TLS = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' };

  test('that takes TLS 1.1, has another key or a certificate about to end is found; a sound one is not', async () => {
    // the test's certificate is valid for only a day
    expect(wrong(await lookAtDoor(await door(), 'ours', systemClock, certificate))).toEqual([
      'its certificate ends in 0 days',
    ]);
    const old = await lookAtDoor(await door(OLD_TLS), 'other', systemClock, certificate);
    expect(wrong(old)).toEqual([
      'takes TLS 1.1',
      'its certificate ends in 0 days',
      'names another service key',
    ]);
    const facts = {
      tlsVersion: 'TLSv1.3',
      takesOldTls: false,
      certificateEndsMs: 15 * 86_400_000,
      keys: ['ours'],
    };
    expect(wrong(judgeDoor('x', facts, 'ours', 0))).toEqual([]);
    expect(wrong(judgeDoor('x', facts, 'ours', 2 * 86_400_000))).toEqual(['its certificate ends in 13 days']);
  });

  test('with another time, without TLS or with a certificate that nobody trusts is found', async () => {
    const late = createTestClock(Date.now() + 60_000);
    expect(wrong(await lookAtDoor(await door(), 'ours', late, certificate))).toContainEqual(
      expect.stringMatching(/^its clock differs from ours by -(59|60)/),
    );
    expect(wrong(await lookAtDoor('http://localhost:1', 'ours', systemClock))).toEqual(['is not https']);
    await expect(lookAtDoor(await door(), 'ours', systemClock)).rejects.toThrow(/self.signed/);
  });

  test('that takes connections and says nothing is named, with how long it was waited and what to look at', async () => {
    const silent = createTcpServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    expect(await lookAtDoor(`https://127.0.0.1:${port}`, 'ours', systemClock, certificate, 200)).toEqual([
      {
        about: `https://127.0.0.1:${port}`,
        says: '127.0.0.1 did not answer within 0.2 s',
        remedy: expect.stringContaining(`do firewalls let port ${port} through`),
      },
    ]);
    silent.close();
  });
});

describe('the command', () => {
  let database: OwnDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'securechat-doctor-'));
  beforeAll(async () => {
    database = await createOwnDatabase();
  }, SLOW_MS);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await database?.drop();
  });

  test('a service key that has signed for more than two years is found, from the first time on', async () => {
    const pool = openPool(database.url, { applicationName: 'test', max: 1 });
    try {
      await noteServiceKey(pool, 'ours');
      const first = await serviceKeySince(pool, 'ours');
      await noteServiceKey(pool, 'ours');
      expect(await serviceKeySince(pool, 'ours')).toEqual(first);
      const published = [
        { id: 'ours', public_key: '', state: 'current' as const },
        { id: 'new', public_key: '', state: 'next' as const },
      ];
      const after = (days: number) =>
        lookAtKeys(pool, { published }, createTestClock(Date.now() + days * 86_400_000));
      expect((await after(730)).map(({ says }) => says)).toEqual([
        'ours is the current one, and has signed here for 730 days',
        'new is the next one',
      ]);
      expect(wrong(await after(730))).toEqual([]);
      expect(wrong(await after(731))).toEqual(['ours is the current one, and has signed here for 731 days']);
    } finally {
      await pool.end();
    }
  });

  function doctor(env: Record<string, string> = {}, ...args: string[]) {
    const ran = spawnSync(process.execPath, [join(import.meta.dirname, '../doctor.ts'), ...args], {
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        POSTGRES_URL: database.url,
        REDIS_URL: process.env.TEST_REDIS_URL ?? '',
        AUTH_SERVICE_KEY: base64(Buffer.alloc(32, 7)),
        ...env,
      },
      encoding: 'utf8',
    });
    return { code: ran.status, out: ran.stdout, err: ran.stderr };
  }

  test(
    'looks at a real Postgres and a real Redis, and says what to do about what is missing',
    () => {
      const { code, out } = doctor();
      expect(code).toBe(1);
      expect(out).toContain('ok      migrations of auth: all applied');
      expect(out).toContain(
        'WRONG   schemas: not there: delivery, presence, files, push\n        Run: node services/delivery',
      );
      expect(out).toMatch(/ok {6}Redis: version \d/);
      expect(out).toContain('ok      TURN: none is configured');
      expect(out).toMatch(/ok {6}service key: \S+ is the current one/);
      expect(out).not.toContain(base64(Buffer.alloc(32, 7)));
    },
    SLOW_MS,
  );

  test(
    'goes on when a part is away, and refuses what makes no sense',
    () => {
      const away = doctor({
        REDIS_URL: 'redis://127.0.0.1:1',
        POSTGRES_URL: 'postgres://nobody@127.0.0.1:1/none',
      });
      expect(away.code).toBe(1);
      expect(away.out).toMatch(/WRONG {3}Postgres: .*\n {8}Is it running, and POSTGRES_URL right/);
      expect(away.out).toMatch(/WRONG {3}Redis: .*\n {8}Is it running, and REDIS_URL right/);
      expect(doctor({ AUTH_SERVICE_KEY: '' })).toMatchObject({ code: 2 });
      const file = join(folder, 'ca.pem');
      writeFileSync(file, 'x');
      expect(doctor({}, '--url', 'nonsense', '--ca', file)).toMatchObject({ code: 2 });
    },
    SLOW_MS,
  );
});
