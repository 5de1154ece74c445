// The tests' servers as containers (TEST_SERVICES=containers), in the versions that a deployment uses.
import { GenericContainer, type StartedTestContainer } from 'testcontainers';
import type { TestServer } from './servers.ts';

const REDIS_IMAGE = 'redis:7';
const POSTGRES_IMAGE = 'postgres:15';

export async function startRedisContainer(): Promise<TestServer> {
  const container = await start(new GenericContainer(REDIS_IMAGE).withExposedPorts(6379), REDIS_IMAGE);
  return testServer(
    container,
    REDIS_IMAGE,
    `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
  );
}

export async function startPostgresContainer(): Promise<TestServer> {
  const image = new GenericContainer(POSTGRES_IMAGE)
    .withEnvironment({ POSTGRES_HOST_AUTH_METHOD: 'trust' })
    .withCommand(['postgres', '-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'max_connections=300'])
    .withExposedPorts(5432);
  const container = await start(image, POSTGRES_IMAGE);
  const address = `${container.getHost()}:${container.getMappedPort(5432)}`;
  return testServer(container, POSTGRES_IMAGE, `postgres://postgres@${address}/postgres`);
}

function testServer(container: StartedTestContainer, image: string, url: string): TestServer {
  return { url, source: `container of ${image}`, stop: () => container.stop() };
}

async function start(container: GenericContainer, image: string): Promise<StartedTestContainer> {
  try {
    return await container.start();
  } catch (error) {
    throw new Error(
      `No container of ${image}: ${(error as Error).message}\n` +
        'TEST_SERVICES=containers needs a running Docker engine that has or can pull the image. ' +
        'Where its helper image cannot be pulled, set TESTCONTAINERS_RYUK_DISABLED=true. ' +
        'Without TEST_SERVICES the tests use embedded servers.',
      { cause: error },
    );
  }
}
