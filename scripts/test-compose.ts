// npm run test:compose: builds the images, starts the compose file as a separate project, chats through it, restarts every part of it
// under load, and removes it with its volumes. Needs a Docker engine; counts like npm test.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@securechat/embedded';
import { createTestBucket, type TestBucket } from '../services/files/src/testing/test-bucket.ts';
import { composeProject, findEngineFault } from './compose/docker.ts';
import { type Outcome, runJest } from './testing/jest-run.ts';
import { givenS3Server } from './testing/s3-server.ts';
import { ROOT } from './tools.ts';

const PROJECT = 'securechat-test';
const BUILD_DEADLINE_MS = 900_000;
const S3_REMEDY =
  'Set S3_TEST_ACCESS_KEY and S3_TEST_SECRET_KEY to keys that may make and delete buckets there.';
/** A start takes half a minute on two cores; a busy machine takes longer. */
const HEALTHY_DEADLINE_MS = 300_000;

const say = (line: string): void => console.log(`[compose] ${line}`);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());

const { passed, failed } = await main().catch((error: Error): Outcome => {
  console.error(error.message);
  return { passed: 0, failed: 1 };
});
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function main(): Promise<Outcome> {
  const fault = findEngineFault();
  if (fault) throw new Error(fault);
  const server = await givenS3Server(S3_REMEDY);
  if (server === undefined) return await testCompose();
  const bucket = await createTestBucket(server);
  try {
    return await testCompose(bucket);
  } finally {
    await bucket.drop();
  }
}

/** In the form in which an operator writes it into the settings file. */
function settingsOf({ endpoint, region, bucket, accessKey, secretKey }: TestBucket['options']) {
  return {
    ...{ FILES_S3_ENDPOINT: endpoint, FILES_S3_REGION: region, FILES_S3_BUCKET: bucket },
    ...{ FILES_S3_ACCESS_KEY: accessKey, FILES_S3_SECRET_KEY: secretKey },
  };
}

async function testCompose(bucket?: TestBucket): Promise<Outcome> {
  const https = await freePort();
  const env = {
    SECURECHAT_HTTPS_PORT: String(https),
    SECURECHAT_TCP_PORT: String(await freePort()),
    SECURECHAT_PROMETHEUS_PORT: String(await freePort()),
    SECURECHAT_URL: `https://localhost:${https}`,
    SECURECHAT_SOCKET_URL: `wss://localhost:${https}/v1/ws`,
    // avoids the project that somebody may have running
    SECURECHAT_EDGE_SUBNET: process.env.SECURECHAT_EDGE_SUBNET ?? '10.213.8.0/24',
    // the same check with a different number; the test sends thousands
    GATEWAY_MESSAGES_PER_MINUTE: '1000000',
    ...(bucket && settingsOf(bucket.options)),
  };
  const compose = composeProject(PROJECT, env);
  const folder = mkdtempSync(join(tmpdir(), 'securechat-compose-'));
  try {
    await compose.run(['down', '--volumes', '--remove-orphans', '--timeout', '5']);
    say('building the images (minutes the first time)');
    await compose.run(['build'], BUILD_DEADLINE_MS);
    const startedAtMs = performance.now();
    await compose.run(['up', '--detach', '--wait'], HEALTHY_DEADLINE_MS);
    say(`healthy after ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
    const authority = join(folder, 'ca.crt');
    writeFileSync(authority, await compose.run(['exec', '-T', 'proxy', 'cat', '/secrets/proxy/ca.crt']));
    stopping.signal.throwIfAborted();
    // Node reads the CA only when it starts
    const jestEnv = {
      NODE_EXTRA_CA_CERTS: authority,
      COMPOSE_STACK: JSON.stringify({ project: PROJECT, env, authority }),
    };
    // alone and last, because they restart it
    const stack = ['stack.test.ts'];
    const apart = bucket ? stack : [...stack, 'bucket.test.ts'];
    const others = readdirSync(join(ROOT, 'tests/compose')).filter((file) => !apart.includes(file));
    const run = (files: string[]) =>
      runJest(
        files.map((file) => `tests/compose/${file}`),
        jestEnv,
        stopping.signal,
      );
    const [before, after] = [await run(others), await run(stack)];
    return { passed: before.passed + after.passed, failed: before.failed + after.failed };
  } catch (error) {
    console.error(await compose.run(['logs', '--no-color', '--tail', '15']));
    throw error;
  } finally {
    await compose.run(['down', '--volumes', '--timeout', '5'], 120_000);
    rmSync(folder, { recursive: true, force: true });
  }
}
