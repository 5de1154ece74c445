import { type Agent, get } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { type Clock, type Finding, judgeClock } from '@securechat/kernel';

const WAIT_MS = 5_000;
const MAX_BYTES = 64 * 1024;
const DAY_MS = 86_400_000;
/** Longer than a weekend plus a holiday: by then, whatever renews it has failed. */
const EXPIRY_WARNING_DAYS = 14;

export type DoorFacts = {
  /** As OpenSSL calls it. */
  tlsVersion: string;
  /** Whether TLS 1.1 is accepted as well. */
  takesOldTls: boolean;
  certificateEndsMs: number;
  /** Ids of the service keys that the public endpoint lists. */
  keys: string[];
};

/** What a client meets at the public address. `ca`: certificates trusted in addition to the system's, PEM. */
export async function lookAtDoor(
  base: string,
  expectedKey: string,
  clock: Clock,
  ca?: string,
  waitMs = WAIT_MS,
): Promise<Finding[]> {
  const url = new URL('/.well-known/securechat', base);
  if (url.protocol !== 'https:')
    return [
      {
        about: base,
        says: 'is not https',
        remedy: 'Put a proxy with TLS before it, as the compose file does.',
      },
    ];
  const asked = await ask(url, waitMs, ca === undefined ? {} : { ca });
  if (asked === undefined) return [noAnswer(base, url, waitMs)];
  const { tlsVersion, certificateEndsMs, body, date } = asked;
  const page = JSON.parse(body) as { service_keys?: { id: string }[] };
  const facts = {
    tlsVersion,
    takesOldTls: await takesOldTls(url, waitMs),
    certificateEndsMs,
    keys: (page.service_keys ?? []).map(({ id }) => id),
  };
  // the header has whole seconds
  const clockFinding = Number.isNaN(date) ? [] : [judgeClock(base, date + 500 - clock.now())];
  return [...judgeDoor(base, facts, expectedKey, clock.now()), ...clockFinding];
}

function noAnswer(about: string, { hostname, port }: URL, waitMs: number): Finding {
  return {
    about,
    says: `${hostname} did not answer within ${waitMs / 1000} s`,
    remedy: `Does the name lead to this server, does the proxy run there, and do firewalls let port ${port || 443} through, also from here?`,
  };
}

export function judgeDoor(about: string, facts: DoorFacts, expectedKey: string, nowMs: number): Finding[] {
  const days = Math.floor((facts.certificateEndsMs - nowMs) / DAY_MS);
  return [
    {
      about,
      says: facts.takesOldTls ? 'takes TLS 1.1' : `${facts.tlsVersion}, nothing before TLS 1.2`,
      ...(facts.takesOldTls && { remedy: 'Set the least version of the proxy to TLS 1.2, better 1.3.' }),
    },
    {
      about,
      says: `its certificate ends in ${days} days`,
      ...(days < EXPIRY_WARNING_DAYS && {
        remedy: 'Renew it, and find out why it was not renewed by itself.',
      }),
    },
    {
      about,
      says: facts.keys.includes(expectedKey)
        ? `names service key ${expectedKey}`
        : 'names another service key',
      ...(!facts.keys.includes(expectedKey) && {
        remedy: `It leads to another auth than this one, whose key is ${expectedKey}, or to one with another AUTH_SERVICE_KEY.`,
      }),
    },
  ];
}

type Asked = { tlsVersion: string; certificateEndsMs: number; body: string; date: number };
type TlsOptions = {
  ca?: string;
  maxVersion?: 'TLSv1.1';
  minVersion?: 'TLSv1';
  ciphers?: string;
  rejectUnauthorized?: boolean;
};

/** Undefined when the time is up. */
function ask(url: URL, waitMs: number, options: TlsOptions): Promise<Asked | undefined> {
  return new Promise((resolve, reject) => {
    const agent = false as unknown as Agent;
    const signal = AbortSignal.timeout(waitMs);
    const fail = (error: Error) => (signal.aborted ? resolve(undefined) : reject(error));
    const request = get(url, { ...options, agent, signal }, (response) => {
      // now: after the answer the socket is gone
      const socket = response.socket as TLSSocket;
      const seen = {
        tlsVersion: socket.getProtocol() ?? 'unknown',
        certificateEndsMs: Date.parse(socket.getPeerCertificate().valid_to),
        date: Date.parse(response.headers.date ?? ''),
      };
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        body += part;
        if (body.length > MAX_BYTES) request.destroy(new Error('the page is too long to be ours'));
      });
      response.on('error', fail);
      response.on('end', () => resolve({ ...seen, body }));
    });
    request.on('error', fail);
  });
}

/** Our side must be allowed to speak it, so that it is the server that refuses. */
async function takesOldTls(url: URL, waitMs: number): Promise<boolean> {
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  try {
    return (await ask(url, waitMs, { ...old, rejectUnauthorized: false })) !== undefined;
  } catch {
    return false;
  }
}
