import { mkdirSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { ServerAddress, Store, Transport } from '@securechat/client';
import { openSqliteStore, webSocketOrTcp } from '@securechat/client/node';
import { UsageError } from './command.ts';

/** Keys and messages are private. */
const OWNER_ONLY = 0o700;

/** The addresses that `npm start` opens on this machine. */
const LOCAL = { http: 'http://127.0.0.1:7450', socket: 'ws://127.0.0.1:7443/v1/ws' };

/** `--home`, else SECURECHAT_HOME, else a folder in the XDG data home. */
export function homeFolder(given: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  if (given !== undefined) return fromHere(given, env);
  if (env.SECURECHAT_HOME) return fromHere(env.SECURECHAT_HOME, env);
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'securechat');
}

/** Relative to where the command was typed: npm changes into the project and keeps the original place in INIT_CWD. */
export function fromHere(path: string, env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.INIT_CWD ?? process.cwd(), path);
}

export async function openStore(home: string): Promise<Store> {
  mkdirSync(home, { recursive: true, mode: OWNER_ONLY });
  return openSqliteStore(join(home, 'store.sqlite'));
}

export const serverOptions = {
  server: {
    type: 'string',
    value: 'URL',
    doc: 'the server; default SECURECHAT_SERVER, else that of `npm start`',
  },
  socket: { type: 'string', value: 'URL', doc: 'its WebSocket, when that is behind a door of its own' },
  'service-key': {
    type: 'string',
    value: 'KEY',
    doc: 'its key in base64, when you have it from its operator',
  },
} as const;

export const deviceOptions = {
  device: { type: 'string', value: 'ID', doc: 'id of this device; default random' },
  'device-name': {
    type: 'string',
    value: 'NAME',
    doc: 'what your other devices call this one; default "Terminal on" this machine',
  },
} as const;

export function deviceOf(values: Readonly<Record<string, string | undefined>>) {
  const { device: deviceId, 'device-name': deviceName } = values;
  return { deviceId, ...(deviceName === undefined ? {} : { deviceName }) };
}

/** One address for everything, or two. */
export function serverAddress(
  { server, socket }: Readonly<Record<string, string | undefined>>,
  env: NodeJS.ProcessEnv = process.env,
): ServerAddress {
  const http = server ?? env.SECURECHAT_SERVER;
  const ws = socket ?? env.SECURECHAT_SOCKET;
  if (http === undefined)
    return ws === undefined ? LOCAL : { ...LOCAL, socket: checked(ws, ['ws:', 'wss:']) };
  const base = checked(http, ['http:', 'https:']);
  return ws === undefined ? base : { http: base, socket: checked(ws, ['ws:', 'wss:']) };
}

/** How to reach the server: over TCP to SECURECHAT_TCP where the WebSocket does not get through. */
function ways(env: NodeJS.ProcessEnv = process.env): { transport?: Transport } {
  const tcp = env.SECURECHAT_TCP;
  return tcp ? { transport: webSocketOrTcp({ tcp: checked(tcp, ['tcp:', 'tls:']) }) } : {};
}

/** How every client of this program is opened. The name is for a device that has none. */
export function clientOptions(env: NodeJS.ProcessEnv = process.env) {
  return { ...ways(env), deviceName: `Terminal on ${hostname()}` };
}

function checked(url: string, schemes: readonly string[]): string {
  const scheme = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (scheme && schemes.includes(scheme)) return url;
  throw new UsageError(`${url} is no address that begins with ${schemes.map((s) => `${s}//`).join(' or ')}`);
}
