import { unusedPort } from '../ports.ts';
import { until } from '../until.ts';
import type { OwnServer } from './own-server.ts';

export type ContainerPlan = {
  name: string;
  image: string;
  containerPort: number;
  command: string[];
  environment?: Record<string, string>;
  urlFor: (host: string, port: number) => string;
  /** Rejects until the server answers. */
  probe: (url: string) => Promise<unknown>;
};

const START_DEADLINE_MS = 60_000;

/** Like an embedded server, but through the container engine: signals and pauses use its API. */
export async function ownContainer(plan: ContainerPlan): Promise<OwnServer> {
  // loaded here because it takes half a second and most runs have no engine
  const { GenericContainer, getContainerRuntimeClient } = await import('testcontainers');
  const engine = await getContainerRuntimeClient();
  const port = await unusedPort();

  async function create() {
    const started = await new GenericContainer(plan.image)
      .withEnvironment(plan.environment ?? {})
      .withCommand(plan.command)
      .withExposedPorts({ container: plan.containerPort, host: port })
      .start();
    return { started, handle: engine.container.getById(started.getId()) };
  }
  let container = await create();
  const url = plan.urlFor(container.started.getHost(), port);
  const answers = () =>
    until(`the ${plan.name} container answers`, () => plan.probe(url).then(() => true), START_DEADLINE_MS);
  await answers();

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ended = container.handle.wait();
    await container.handle.kill({ signal });
    await ended;
  }

  return {
    url,
    port,
    dir: undefined,
    source: `container of ${plan.image}, port ${port}`,
    end,
    pause: async () => void (await container.handle.pause()),
    /** Like SIGCONT, has no effect on a running one. */
    async resume() {
      const { State } = await container.handle.inspect();
      if (State.Paused) await container.handle.unpause();
    },
    async start() {
      await container.handle.start();
      await answers();
    },
    async startEmpty() {
      await container.handle.remove({ force: true, v: true });
      container = await create();
      await answers();
    },
    async stop() {
      await container.handle.remove({ force: true, v: true });
    },
  };
}
