import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { openFiles } from '@securechat/client/files';
import { openMemoryStore } from '@securechat/client/memory';
import { type Client, SecureChat } from '@securechat/client/node';
import { until } from '@securechat/testkit';
import { composeProject } from '../../scripts/compose/docker.ts';

/** `npm run test:compose` runs this file where a server for buckets was named, on a stack that has one. */
const { project, env } = JSON.parse(process.env.COMPOSE_STACK ?? '{}') as {
  project: string;
  env: Record<string, string>;
};
const compose = composeProject(project, env);
const server = { http: env.SECURECHAT_URL ?? '', socket: env.SECURECHAT_SOCKET_URL ?? '' };

/** Names and bytes of all objects, as the service itself gets at them: with its settings and its keys. */
const READ_BUCKET = `
  import { readFileSync } from 'node:fs';
  import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
  const { FILES_S3_ENDPOINT: endpoint, FILES_S3_REGION: region, FILES_S3_BUCKET: Bucket } = process.env;
  const [accessKeyId, secretAccessKey] = ['ACCESS', 'SECRET'].map((kind) =>
    readFileSync(process.env['FILES_S3_' + kind + '_KEY_FILE'], 'utf8'));
  const client = new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true });
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  const objects = [];
  for (const { Key } of Contents) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    objects.push([Key, Buffer.from(await Body.transformToByteArray()).toString('base64')]);
  }
  console.log(JSON.stringify(objects));`;

async function objectsInBucket(): Promise<Buffer[]> {
  const printed = await compose.run(
    ['exec', '-T', 'files', 'node', '--input-type=module', '-e', READ_BUCKET],
    120_000,
  );
  return (JSON.parse(printed) as [string, string][]).map(([, bytes]) => Buffer.from(bytes, 'base64'));
}

async function signUp(name: string): Promise<Client> {
  const known = (await (await fetch(`${server.http}/.well-known/securechat`)).json()) as {
    service_keys: { public_key: string }[];
  };
  const client = await SecureChat.signUp({
    store: await openMemoryStore(),
    server,
    serviceKey: known.service_keys[0]?.public_key ?? '',
    userId: `${name}_${Date.now().toString(36)}`,
  });
  client.connect();
  return client;
}

test('chunks of a file lie in the bucket, as ciphertext and nowhere else, and come back from there', async () => {
  const [alice, bob] = [await signUp('alma'), await signUp('bert')];
  try {
    const marker = randomBytes(32);
    const content = Buffer.alloc(600_000, marker);
    const chat = await alice.direct(bob.me.userId);
    const { body } = await openFiles(alice).send(chat, content).done;
    if (body.type !== 'file') throw new Error('a file was to be sent');
    const objects = await objectsInBucket();
    expect(objects.length).toBeGreaterThanOrEqual(3);
    expect(objects.reduce((sum, bytes) => sum + bytes.length, 0)).toBeGreaterThanOrEqual(content.length);
    for (const bytes of objects) expect(bytes.includes(marker)).toBe(false);
    const psql = ['psql', '-U', 'securechat', '-d', 'securechat', '-Atc', 'SELECT count(*) FROM files.blobs'];
    expect((await compose.run(['exec', '-T', 'postgres', ...psql])).trim()).toBe('0');
    const received = await openFiles(bob).receive(body).done;
    expect(Buffer.from(await received.arrayBuffer()).equals(content)).toBe(true);
    await openFiles(alice).remove(body.fileId);
    await until(
      'what nobody has any more leaves the bucket',
      async () => (await objectsInBucket()).length === 0,
      150_000,
    );
  } finally {
    await Promise.all([alice, bob].map((client) => client.close()));
  }
}, 240_000);
