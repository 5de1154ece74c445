import { createSigningKey, type SigningKey } from '@securechat/crypto/sign';
import { createBackoff, type Logger } from '@securechat/kernel';
import type { GatewayCertificate, Handover } from '@securechat/protocol';
import type { Requests } from './streams/requests.ts';

export type Identity = {
  /** Resolves when auth has first certified this gateway's key; asks until it does. */
  start(): Promise<void>;
  /** Throws before `start` has resolved. */
  current(): { key: SigningKey; certificate: GatewayCertificate; handovers: readonly Handover[] };
  /** Keys that sign resume tickets, by id. */
  serviceKeys(): ReadonlyMap<string, Uint8Array>;
  stop(): void;
};

/**
 * This gateway's identity towards clients: a key made at start, certified by auth's service key, which is the only
 * key that clients pin. The private key never leaves this process.
 */
export function createIdentity(parts: {
  serverId: string;
  requests: Requests;
  /** Renewal interval. Auth may be down for the rest of the certificate's life. */
  renewEveryMs: number;
  now: () => number;
  logger: Logger;
}): Identity {
  const { serverId, requests, renewEveryMs, now, logger } = parts;
  const key = createSigningKey();
  const abort = new AbortController();
  let certificate: GatewayCertificate | undefined;
  let handovers: readonly Handover[] = [];
  let keys: ReadonlyMap<string, Uint8Array> = new Map();
  let timer: NodeJS.Timeout | undefined;

  async function certify(): Promise<void> {
    const public_key = key.publicKey.toString('base64');
    const answer = await requests.askAuth('certify', { server_id: serverId, public_key });
    certificate = answer.certificate;
    handovers = answer.handovers ?? [];
    keys = new Map(answer.service_keys.map(({ id, public_key }) => [id, Buffer.from(public_key, 'base64')]));
  }

  /** Long before expiry, so that a changed service key is noticed. */
  function renew(): void {
    certify().catch((err: unknown) => {
      const { not_before: from = 0, not_after: to = 0 } = certificate ?? {};
      const level = now() / 1000 < (from + to) / 2 ? 'debug' : 'warn';
      logger[level]({ err }, 'certificate not renewed yet; trying again');
    });
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
      if (!abort.signal.aborted) timer = setInterval(renew, renewEveryMs);
    },
    current() {
      if (!certificate) throw new Error('this gateway is not certified yet');
      return { key, certificate, handovers };
    },
    serviceKeys: () => keys,
    stop() {
      abort.abort();
      clearInterval(timer);
      key.wipe();
    },
  };
}
