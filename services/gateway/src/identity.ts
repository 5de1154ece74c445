import { createSigningKey, type SigningKey } from '@securechat/crypto/sign';
import { createBackoff, type Logger } from '@securechat/kernel';
import type { GatewayCertificate } from '@securechat/protocol';
import type { Requests } from './streams/requests.ts';

/** A certificate is renewed when half of its life is over: auth may then be away for the other half. */
const CHECK_EVERY_MS = 60_000;

export type Identity = {
  /** Resolves when auth has certified this gateway's key for the first time; asks until it does. */
  start(): Promise<void>;
  /** Throws before `start` has resolved. */
  current(): { key: SigningKey; certificate: GatewayCertificate };
  /** Keys that sign resume tickets, by id. */
  serviceKeys(): ReadonlyMap<string, Uint8Array>;
  stop(): void;
};

/**
 * Who this gateway is to its clients: a key made at start, certified by auth's service key, which is the only key that
 * clients pin. The private key never leaves this process.
 */
export function createIdentity(parts: {
  serverId: string;
  requests: Requests;
  now: () => number;
  logger: Logger;
}): Identity {
  const { serverId, requests, now, logger } = parts;
  const key = createSigningKey();
  const abort = new AbortController();
  let certificate: GatewayCertificate | undefined;
  let keys: ReadonlyMap<string, Uint8Array> = new Map();
  let timer: NodeJS.Timeout | undefined;

  async function certify(): Promise<void> {
    const public_key = key.publicKey.toString('base64');
    const answer = await requests.askAuth('certify', { server_id: serverId, public_key });
    certificate = answer.certificate;
    keys = new Map(answer.service_keys.map(({ id, public_key }) => [id, Buffer.from(public_key, 'base64')]));
  }

  function renewWhenDue(): void {
    if (!certificate) return;
    const halfLife = (certificate.not_before + certificate.not_after) / 2;
    if (now() / 1000 < halfLife) return;
    certify().catch((err: unknown) =>
      logger.warn({ err }, 'certificate not renewed yet; trying again in a minute'),
    );
  }

  return {
    async start() {
      const backoff = createBackoff({ baseMs: 100, capMs: 2_000 });
      while (!certificate && !abort.signal.aborted) {
        try {
          await certify();
        } catch (err) {
          logger.info({ err }, 'waiting for auth to certify this gateway');
          await backoff.wait(abort.signal);
        }
      }
      if (!abort.signal.aborted) timer = setInterval(renewWhenDue, CHECK_EVERY_MS);
    },
    current() {
      if (!certificate) throw new Error('this gateway is not certified yet');
      return { key, certificate };
    },
    serviceKeys: () => keys,
    stop() {
      abort.abort();
      clearInterval(timer);
      key.wipe();
    },
  };
}
