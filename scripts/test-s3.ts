// npm run test:s3: the tests of files with their chunks in a bucket, on a real server: that of S3_TEST_ENDPOINT (with
// S3_TEST_ACCESS_KEY, S3_TEST_SECRET_KEY, S3_TEST_REGION), or versitygw from the path. Counts like npm test.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@securechat/embedded';
import { answers, createTestBucket } from '../services/files/src/testing/test-bucket.ts';
import { type Outcome, runJest } from './testing/jest-run.ts';
import { givenS3Server, type S3Server } from './testing/s3-server.ts';
import { startTestServers } from './testing/servers.ts';

const REMEDY = `npm run test:s3 needs a server that speaks S3. Either set S3_TEST_ENDPOINT, S3_TEST_ACCESS_KEY and S3_TEST_SECRET_KEY
(to a server where buckets may be made and deleted), or install versitygw, which is one program:
  go install github.com/versity/versitygw/cmd/versitygw@v1.8.0      # then put it on the path`;
const START_DEADLINE_MS = 20_000;
/** The tests that depend on where chunks are stored, without those that change the bytes in Postgres. */
const TESTS = ['services/files', 'tests/e2e/files.test.ts', 'tests/faults/files-killed.test.ts'];

const say = (line: string): void => console.log(`[s3] ${line}`);

/** On this machine, with its objects in a temporary folder. */
async function startServer(): Promise<{ server: S3Server; child: ChildProcess; folder: string }> {
  if (spawnSync('versitygw', ['--version']).error) throw new Error(REMEDY);
  const folder = mkdtempSync(join(tmpdir(), 'securechat-s3-'));
  const port = await freePort();
  const [accessKey, secretKey] = ['test', 'secret-of-the-tests'];
  // metadata in files instead of file system attributes, which not every file system has
  const args = [
    '--port',
    `127.0.0.1:${port}`,
    '--quiet',
    'posix',
    '--sidecar',
    join(folder, 'meta'),
    join(folder, 'objects'),
  ];
  for (const part of ['meta', 'objects']) mkdirSync(join(folder, part));
  const env = { ...process.env, ROOT_ACCESS_KEY_ID: accessKey, ROOT_SECRET_ACCESS_KEY: secretKey };
  const child = spawn('versitygw', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const server = { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', accessKey, secretKey };
  for (const startedMs = Date.now(); !(await answers(server)); ) {
    if (child.exitCode !== null || Date.now() - startedMs > START_DEADLINE_MS) {
      child.kill();
      throw new Error('versitygw did not start');
    }
  }
  return { server, child, folder };
}

async function runTests(server: S3Server): Promise<Outcome> {
  const servers = await startTestServers(say);
  const whole = await createTestBucket(server);
  const { endpoint, region, accessKey, secretKey } = server;
  try {
    const env = {
      ...{ TEST_S3_ENDPOINT: endpoint, TEST_S3_REGION: region },
      ...{ TEST_S3_ACCESS_KEY: accessKey, TEST_S3_SECRET_KEY: secretKey },
      // for tests that start whole services
      TEST_S3_BUCKET: JSON.stringify({
        ...{ FILES_STORE: 's3', FILES_S3_ENDPOINT: endpoint, FILES_S3_REGION: region },
        ...{ FILES_S3_BUCKET: whole.options.bucket },
        ...{ FILES_S3_ACCESS_KEY: accessKey, FILES_S3_SECRET_KEY: secretKey },
      }),
    };
    const wanted = process.argv.slice(2);
    const tests = wanted.length > 0 ? wanted : TESTS;
    return await runJest(tests, { ...servers.env, ...env }, new AbortController().signal);
  } finally {
    await whole.drop();
    await servers.stop();
  }
}

async function main(): Promise<Outcome> {
  const given = await givenS3Server(REMEDY);
  if (given !== undefined) return await runTests(given);
  const { server, child, folder } = await startServer();
  say(`versitygw at ${server.endpoint}`);
  try {
    return await runTests(server);
  } finally {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const { passed, failed } = await main().catch((error: Error): Outcome => {
  console.error(error.message);
  return { passed: 0, failed: 1 };
});
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
