import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLineOf } from '@securechat/embedded';
import type { StackFile } from '../stack/stack-file.ts';
import { ROOT } from '../tools.ts';

/** Addresses of the running stack. */
export type DemoStack = {
  authUrl: string;
  gateways: { name: string; url: string }[];
  serviceKey: Buffer;
  postgresUrl: string;
  redisUrl: string;
};

/** Reads what `npm start` has written, and fetches the key that clients pin. Throws instructions when nothing is running. */
export async function findStack(): Promise<DemoStack> {
  const file = readStackFile();
  if (file?.state !== 'ready' || !commandLineOf(file.pid).includes('scripts/start.ts')) {
    throw new Error('No running stack was found. Start it in another terminal with: npm start');
  }
  const services = file.services ?? [];
  const authUrl = services.find(({ service }) => service === 'auth')?.addresses.http;
  const gateways = services.flatMap(({ name, addresses }) =>
    addresses.ws ? [{ name, url: addresses.ws }] : [],
  );
  if (authUrl === undefined || gateways.length < 2) throw new Error('The demo needs auth and two gateways.');
  const answer = await fetch(`${authUrl}/.well-known/securechat`, { signal: AbortSignal.timeout(5_000) });
  const { service_keys } = (await answer.json()) as { service_keys: { public_key: string }[] };
  const serviceKey = Buffer.from(service_keys[0]?.public_key ?? '', 'base64');
  const { postgresUrl = '', redisUrl = '' } = file;
  return { authUrl, gateways, serviceKey, postgresUrl, redisUrl };
}

function readStackFile(): StackFile | undefined {
  try {
    return JSON.parse(readFileSync(join(ROOT, '.data', 'stack.json'), 'utf8')) as StackFile;
  } catch {
    return undefined;
  }
}
