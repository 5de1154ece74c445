import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openFiles } from '@securechat/client/files';
import { openMemoryStore } from '@securechat/client/memory';
import { type Client, SecureChat, tcpTransport } from '@securechat/client/node';
import { ChatClient, checkHistory, enrol, History, personNamed, until } from '@securechat/testkit';
import { composeProject } from '../../scripts/compose/docker.ts';
import { startTraffic, type Talker } from '../support/traffic.ts';

/** `npm run test:compose` says so, and makes this process trust the stack's own authority. */
const { project, env, authority } = JSON.parse(process.env.COMPOSE_STACK ?? '{}') as {
  project: string;
  env: Record<string, string>;
  authority: string;
};
const compose = composeProject(project, env);
const base = env.SECURECHAT_URL ?? '';
const socket = env.SECURECHAT_SOCKET_URL ?? '';
const ca = readFileSync(authority, 'utf8');
const run = Date.now().toString(36);
const PRINT_METRICS = `fetch('http://127.0.0.1:9100/metrics').then((page) => page.text()).then(console.log)`;
const opened: { close(): Promise<void> }[] = [];
let serviceKey: string;

const serviceKeyNow = async (): Promise<string> => {
  const known = (await (await fetch(`${base}/.well-known/securechat`)).json()) as {
    service_keys: { public_key: string }[];
  };
  return known.service_keys[0]?.public_key ?? '';
};
const inside = (service: string, ...command: string[]): Promise<string> =>
  compose.run(['exec', '-T', service, ...command]);

const isHealthy = async (service: string): Promise<boolean> =>
  (await compose.run(['ps', '--format', 'json', service])).includes('"Health":"healthy"');

beforeAll(async () => {
  serviceKey = await serviceKeyNow();
});

afterAll(async () => {
  await Promise.all(opened.map((client) => client.close()));
});

const signUp = async (name: string, by: 'websocket' | 'tcp'): Promise<Client> => {
  const isTcp = by === 'tcp';
  const client = await SecureChat.signUp({
    store: await openMemoryStore(),
    server: { http: base, socket: isTcp ? `tls://localhost:${env.SECURECHAT_TCP_PORT}` : socket },
    serviceKey,
    userId: `${name}_${run}`,
    ...(isTcp ? { transport: tcpTransport({ ca }) } : {}),
  });
  opened.push(client);
  client.connect();
  return client;
};

test('two people chat through the proxy, one by WebSocket and one by TCP', async () => {
  const [alice, bob] = [await signUp('alice', 'websocket'), await signUp('bob', 'tcp')];
  const heard: string[] = [];
  for (const client of [alice, bob]) {
    client.on('message', ({ message: { body, isOwn } }) => {
      if (!isOwn && body.type === 'text') heard.push(body.text);
    });
  }
  const chat = await alice.direct(bob.me.userId);
  await chat.send('Good morning, Bob');
  await until('Bob has heard', () => heard.includes('Good morning, Bob'));
  await bob.conversation(chat.id)?.send('Good morning, Alice');
  await until('Alice has heard', () => heard.includes('Good morning, Alice'));
}, 60_000);

test('a file goes through the proxy, as raw bytes over HTTP', async () => {
  const [alice, bob] = [await signUp('anna', 'websocket'), await signUp('ben', 'websocket')];
  const chat = await alice.direct(bob.me.userId);
  const content = new Uint8Array(600_000).fill(7);
  const { body } = await openFiles(alice).send(chat, content).done;
  if (body.type !== 'file') throw new Error('a file was to be sent');
  const received = await openFiles(bob).receive(body).done;
  expect(Buffer.from(await received.arrayBuffer()).equals(content)).toBe(true);
  const metrics = await inside('files', 'node', '-e', PRINT_METRICS);
  expect(metrics).toMatch(/securechat_files_chunks_total\{[^}]*direction="read",path="http"[^}]*\} [1-9]/);
}, 60_000);

test('the page comes by TLS with its policy, and the admin API does not come at all', async () => {
  const page = await fetch(base);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain(`connect-src 'self' ${base} `);
  for (const path of ['', '/.well-known/securechat', '/v1/accounts/nobody', '/v1/files/nothing', '/v1/ws'])
    expect((await fetch(`${base}${path}`)).headers.get('strict-transport-security')).toBe('max-age=31536000');
  expect((await fetch(`${base}/v1/admin/invites`, { method: 'POST' })).status).toBe(405);
});

/** What Redis answers to these commands, on a connection of this service's own. */
const askRedisAs = async (service: string, ...commands: string[]): Promise<string[]> => {
  const script = `
    const { readFileSync } = require('node:fs');
    const { username, password, hostname, port } = new URL(readFileSync('/run/secrets/redis-url', 'utf8'));
    const socket = require('node:net').connect(Number(port), hostname);
    socket.pipe(process.stdout);
    socket.write(\`PING\\r\\nAUTH \${username} \${password}\\r\\n${commands.join('\\r\\n')}\\r\\nQUIT\\r\\n\`);`;
  return (await inside(service, 'node', '-e', script)).trim().split('\r\n');
};

test('a service gets into Redis as itself, and at nothing that is not its own', async () => {
  const [asked, count, refused] = [/^-NOAUTH/, /^:\d+$/, /^-NOPERM/].map((like) =>
    expect.stringMatching(like),
  );
  const seen = ['ZCARD sc:revoked', 'DEL sc:revoked', 'EXISTS sc:{d.0}:in', 'FLUSHALL', 'ACL WHOAMI'];
  const byGateway = await askRedisAs('gateway-1', ...seen);
  expect(byGateway).toEqual([asked, '+OK', count, refused, count, refused, refused, '+OK']);
  const byPush = await askRedisAs('push', ...seen);
  expect(byPush).toEqual([asked, '+OK', refused, refused, refused, refused, refused, '+OK']);
});

test('nothing older than TLS 1.3 is spoken', async () => {
  const ask = (maxVersion: 'TLSv1.2' | 'TLSv1.3') =>
    new Promise<string>((resolve) => {
      const { port, hostname: host } = new URL(base);
      const tls = connect({
        host,
        port: Number(port),
        servername: host,
        ca,
        minVersion: 'TLSv1.2',
        maxVersion,
      });
      tls
        .once('secureConnect', () => resolve(tls.getProtocol() ?? ''))
        .once('error', () => resolve('refused'));
      tls.once('secureConnect', () => tls.destroy());
    });
  expect(await ask('TLSv1.3')).toBe('TLSv1.3');
  expect(await ask('TLSv1.2')).toBe('refused');
});

test('services run without root, without a right, and cannot write where their code is', async () => {
  for (const service of ['gateway-1', 'auth', 'delivery-1', 'web', 'proxy']) {
    expect((await inside(service, 'id', '-u')).trim()).toBe('1000');
    const status = await inside(service, 'cat', '/proc/1/status');
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    await expect(inside(service, 'touch', '/file')).rejects.toThrow('Read-only file system');
  }
});

test('a gateway has no way to Postgres, and nobody sees the secrets of another', async () => {
  const reach = (host: string, port: number): string[] => [
    'node',
    '-e',
    `require('net').connect(${port}, '${host}').once('connect', () => process.exit(0)).once('error', () => process.exit(9))`,
  ];
  await inside('gateway-1', ...reach('redis', 6379));
  await inside('auth', ...reach('postgres', 5432));
  await expect(inside('gateway-1', ...reach('postgres', 5432))).rejects.toThrow('ended with 9');
  await expect(inside('web', ...reach('redis', 6379))).rejects.toThrow('ended with 9');
  expect((await inside('gateway-1', 'ls', '/run/secrets')).trim()).toBe('redis-url');
  expect((await inside('delivery-1', 'ls', '/run/secrets')).trim().split('\n')).toEqual([
    'postgres-url',
    'redis-url',
  ]);
});

test('each service logs in to Postgres as a role of its own, with a password', async () => {
  const psql = (role: string, password: string, sql: string): Promise<string> =>
    inside(
      'postgres',
      'env',
      `PGPASSWORD=${password}`,
      'psql',
      '-h',
      'postgres',
      '-U',
      role,
      '-d',
      'securechat',
      '-Atc',
      sql,
    );
  const url = new URL(await inside('delivery-1', 'cat', '/run/secrets/postgres-url'));
  expect(url.username).toBe('securechat_delivery');
  await expect(psql(url.username, 'wrong', 'SELECT 1')).rejects.toThrow('password authentication failed');
  await expect(psql(url.username, url.password, 'SELECT count(*) FROM auth.invites')).rejects.toThrow(
    'permission denied',
  );
  expect((await psql(url.username, url.password, 'SELECT 1')).trim()).toBe('1');
});

test('Prometheus reaches every process', async () => {
  const targets = async (): Promise<string[]> => {
    const answer = await fetch(
      `http://127.0.0.1:${env.SECURECHAT_PROMETHEUS_PORT}/api/v1/targets?state=active`,
    );
    const { data } = (await answer.json()) as {
      data: { activeTargets: { health: string; labels: { instance: string } }[] };
    };
    return data.activeTargets.filter(({ health }) => health === 'up').map(({ labels }) => labels.instance);
  };
  const all = ['auth', 'delivery-1', 'delivery-2', 'files', 'gateway-1', 'gateway-2', 'presence', 'push'].map(
    (name) => `${name}:9100`,
  );
  await until('all are up', async () => (await targets()).sort().join() === all.join(), 60_000);
}, 70_000);

test('Prometheus has loaded the rules, and none of them fails', async () => {
  const rules = async (): Promise<string[]> => {
    const answer = await fetch(`http://127.0.0.1:${env.SECURECHAT_PROMETHEUS_PORT}/api/v1/rules`);
    const { data } = (await answer.json()) as { data: { groups: { rules: { health: string }[] }[] } };
    return data.groups.flatMap((group) => group.rules.map(({ health }) => health));
  };
  await until('all have been evaluated', async () => !(await rules()).includes('unknown'), 60_000);
  const states = await rules();
  expect(states.length).toBeGreaterThan(40);
  expect(new Set(states)).toEqual(new Set(['ok']));
}, 70_000);

test('every part is restarted in turn under load: nothing acked is lost, and the service key stays', async () => {
  const history = new History();
  const open = async (name: string): Promise<ChatClient> => {
    const person = personNamed(`${name}_${run}`, { devices: 1 });
    await enrol(base, person);
    const client = await ChatClient.open({
      person,
      device: person.device(0),
      serviceKey: Buffer.from(serviceKey, 'base64'),
      gateways: [{ url: socket, tls: { ca } }],
      history,
    });
    opened.push(client);
    return client;
  };
  const talkers: Talker[] = [];
  for (const pair of [1, 2]) {
    const [one, other] = [await open(`one${pair}`), await open(`other${pair}`)];
    const conversation = await one.groups.createDirect(other.person);
    await until('both know the conversation', () => other.conversations.has(conversation.id));
    talkers.push({ client: one, conversation, gateway: 0 });
    talkers.push({ client: other, conversation: { id: conversation.id, peer: one.person.id }, gateway: 0 });
  }
  const traffic = await startTraffic({ history, talkers });
  for (const part of [
    'gateway-1',
    'gateway-2',
    'delivery-1',
    'delivery-2',
    'auth',
    'presence',
    'files',
    'push',
    'proxy',
    'redis',
    'postgres',
  ]) {
    await compose.run(['restart', part], 240_000);
    // not by `up --wait`, which gives up when a busy machine lets a single check take too long
    await until(`${part} is healthy`, () => isHealthy(part), 240_000);
    await traffic.goOn();
  }
  await traffic.end();
  const acked = new Set(
    history.events.flatMap((event) => (event.type === 'send' && event.phase === 'ok' ? [event.id] : [])),
  );
  expect(acked.size).toBeGreaterThan(1_000);
  expect(checkHistory(history.events)).toEqual([]);
  expect(await serviceKeyNow()).toBe(serviceKey);
  console.log(`${acked.size} messages acked and delivered over eleven restarts`);
}, 1_200_000);
