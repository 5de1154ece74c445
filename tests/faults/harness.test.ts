import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test as jestTest } from '@jest/globals';
import { ROOT, until, within } from '@securechat/testkit';
import { startConstellation } from '../support/constellation.ts';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({ gateways: 2 });
const { test } = stack;

test('every process says that it is ready and shows its metrics', async () => {
  const { gateways, deliveries, auths } = stack.constellation;
  for (const process of [...gateways, ...deliveries, ...auths]) {
    await process.ready(1_000);
    expect((await process.metrics()).sum('process_start_time_seconds')).toBeGreaterThan(0);
  }
  expect(stack.constellation.logs()).toContain('service started');
});

test('a process that was killed comes back on its old ports', async () => {
  const [gateway] = stack.constellation.gateways;
  const before = gateway!.pid;
  await gateway!.kill('SIGKILL');
  expect(gateway!.isRunning).toBe(false);
  await gateway!.restart();
  expect([gateway!.isRunning, gateway!.pid === before]).toEqual([true, false]);
  await stack.connect(0);
});

test('a paused process answers nobody until it goes on', async () => {
  const [gateway] = stack.constellation.gateways;
  await gateway!.kill('SIGSTOP');
  await expect(gateway!.ready(1_500)).rejects.toThrow('in vain until gateway 0 is ready');
  await gateway!.kill('SIGCONT');
  await gateway!.ready();
});

jestTest(
  'a service that cannot start is told on, with what it said',
  async () => {
    const plan = { env: { delivery: { STREAM_PARTITIONS: 'many' } } };
    await expect(startConstellation(plan)).rejects.toThrow(/delivery \d has ended:[\s\S]*STREAM_PARTITIONS/);
  },
  60_000,
);

jestTest(
  'a start that is called off ends what it has started, and says why',
  async () => {
    const stopping = new AbortController();
    const starting = startConstellation({ stopping: stopping.signal });
    setTimeout(() => stopping.abort(new Error('called off')), 1_000);
    const before = performance.now();
    await expect(starting).rejects.toThrow('called off');
    expect(performance.now() - before).toBeLessThan(10_000);
  },
  60_000,
);

jestTest(
  'the services end with the process that started them, however that ends',
  async () => {
    const module = JSON.stringify(new URL('../support/constellation.ts', import.meta.url).href);
    const source = `const { startConstellation } = await import(${module});
    const { gateways, deliveries, auths } = await startConstellation({ gateways: 1, deliveries: 1 });
    console.log('PIDS ' + JSON.stringify([...gateways, ...deliveries, ...auths].map(({ pid }) => pid)));`;
    const launcher = spawn(process.execPath, ['--input-type=module', '-e', source], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    launcher.stdout.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
    const pids = await until(
      'the services run',
      () => {
        const [, list] = /PIDS (.*)\n/.exec(output) ?? [];
        return list === undefined ? undefined : (JSON.parse(list) as number[]);
      },
      60_000,
    );
    expect(pids).toHaveLength(3);
    const ended = once(launcher, 'exit');
    launcher.kill('SIGKILL');
    await within(ended, 5_000, () => 'the end of the launcher');
    await until('the services are gone', () => !pids.some(isAlive), 20_000);
  },
  120_000,
);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
