import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '@securechat/testkit';
import { PARTITIONS } from './gateway.ts';

export type DeliveryProcess = {
  opsUrl: string;
  /** Everything written to standard output and standard error so far. */
  log(): string;
  /** The exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
};

const MAIN = join(import.meta.dirname, '../main.ts');

/** The service as an operator starts it. Resolves once it has started; rejects with its output if it exits first. */
export async function startDelivery(env: Record<string, string>): Promise<DeliveryProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      OPS_PORT: '0',
      STREAM_PARTITIONS: String(PARTITIONS),
      DELIVERY_RECEIPT_LINGER_MS: '20',
      ...env,
    },
    // exits with us, since the channel closes then
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  const exited = once(child, 'exit');
  await until(
    'delivery has started or ended',
    () => text.includes('"service started"') || child.exitCode !== null,
  );
  if (child.exitCode !== null) throw new Error(`delivery ended with ${child.exitCode}:\n${text}`);
  const port = /"opsPort":(\d+)/.exec(text)?.[1];
  return {
    opsUrl: `http://127.0.0.1:${port}`,
    log: () => text,
    async end(signal) {
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}
