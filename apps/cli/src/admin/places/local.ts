import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkerOf, type Schema, type Static, Type } from '@securechat/protocol';
import { CommandFailed } from '../../failures.ts';
import { fromHere } from '../../home.ts';
import type { Place } from './place.ts';

const ROOT = join(import.meta.dirname, '../../../../..');

const Stack = Type.Object({
  redisUrl: Type.String(),
  /** With the rights of the tables' owner. */
  postgresUrl: Type.String(),
  services: Type.Array(Type.Object({ service: Type.String(), addresses: Type.Record(Type.String()) })),
});
const Secrets = Type.Object({
  authServiceKey: Type.String(),
  authAdminToken: Type.String(),
  pushVapidPrivateKey: Type.String(),
});

type LocalPlace = Place & { readonly adminApi: { url: string; key: string } };

/** The services `npm start` runs, read from its data folder. */
export function localPlace(data: string | undefined, env: NodeJS.ProcessEnv): LocalPlace {
  const folder = data === undefined ? join(ROOT, '.data') : fromHere(data, env);
  const stack = read(folder, 'stack.json', Stack);
  const secrets = read(folder, 'secrets.json', Secrets);
  return {
    adminApi: {
      url: stack.services.find(({ service }) => service === 'auth')?.addresses.http ?? '',
      key: secrets.authAdminToken,
    },
    async start({ service, file, args }) {
      return {
        command: process.execPath,
        args: [`src/${file}`, ...args],
        cwd: join(ROOT, 'services', service),
        env: {
          POSTGRES_URL: stack.postgresUrl,
          REDIS_URL: stack.redisUrl,
          AUTH_SERVICE_KEY: secrets.authServiceKey,
          PUSH_VAPID_PRIVATE_KEY: secrets.pushVapidPrivateKey,
          PUSH_CONTACT: env.PUSH_CONTACT || 'mailto:nobody@example.com',
        },
      };
    },
  };
}

function read<T>(folder: string, name: string, schema: Schema<T>): Static<Schema<T>> {
  const path = join(folder, name);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CommandFailed(
      `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'no JSON'})`,
      'Is `npm start` running?',
    );
  }
  const fault = checkerOf(schema as Schema)(value);
  if (fault)
    throw new CommandFailed(
      `${path} lacks ${fault.path || 'something'}`,
      'Is `npm start` ready, and the same release?',
    );
  return value as Static<Schema<T>>;
}
