import type { ServerAddress } from '@securechat/client';

/** The content of `config.json` beside the page; without the file, the page's own origin is the server. */
export type WebConfig = {
  server: ServerAddress;
  /** The server's key in base64; without it the first key shown is trusted and pinned. */
  serviceKey?: string;
};

const DEADLINE_MS = 10_000;

/** Rejects when the file exists but is invalid: a page that talks to the wrong server is worse than none. */
export async function loadConfig(): Promise<WebConfig> {
  const answer = await fetch('config.json', { signal: AbortSignal.timeout(DEADLINE_MS), cache: 'no-store' });
  if (answer.status === 404) return { server: location.origin };
  if (!answer.ok) throw new Error(`config.json could not be read: the server answered ${answer.status}`);
  return readConfig(await answer.json(), location.origin);
}

export function readConfig(file: unknown, origin: string): WebConfig {
  if (typeof file !== 'object' || file === null) throw new Error('config.json is not an object');
  const { server = origin, serviceKey } = file as Record<string, unknown>;
  if (!isServerAddress(server)) throw new Error('config.json: "server" is an address or {"http", "socket"}');
  if (serviceKey === undefined) return { server };
  if (typeof serviceKey !== 'string') throw new Error('config.json: "serviceKey" is base64');
  return { server, serviceKey };
}

function isServerAddress(value: unknown): value is ServerAddress {
  if (typeof value === 'string') return URL.canParse(value);
  if (typeof value !== 'object' || value === null) return false;
  const { http, socket } = value as Record<string, unknown>;
  return [http, socket].every((door) => typeof door === 'string' && URL.canParse(door));
}

export function httpDoor(server: ServerAddress): string {
  return typeof server === 'string' ? server : server.http;
}
