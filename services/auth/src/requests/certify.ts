import { certificateTranscript } from '@securechat/crypto/challenge';
import { keyId } from '@securechat/crypto/sign';
import type { HandlerOptions, Handlers } from './handlers.ts';

/** Lets a gateway whose clock is slightly behind use its certificate at once. */
const BACKDATED_SECONDS = 60;

/** Whoever can write to auth's request stream counts as a gateway: this is protected by keeping others off Redis. */
export function createCertify({
  serviceKeys: { current, published, handovers },
  certificateValidMs,
  clock,
}: HandlerOptions): Handlers['certify'] {
  return async ({ server_id, public_key }) => {
    const nowSeconds = Math.floor(clock.now() / 1000);
    const certificate = {
      server_id,
      public_key,
      not_before: nowSeconds - BACKDATED_SECONDS,
      not_after: nowSeconds + Math.floor(certificateValidMs / 1000),
      service_key_id: keyId(current.publicKey),
    };
    const signature = current.sign(certificateTranscript(certificate)).toString('base64');
    // includes the next key, whose tickets another auth process may already issue
    const service_keys = published.map(({ id, public_key }) => ({ id, public_key }));
    return { certificate: { ...certificate, signature }, service_keys, handovers };
  };
}
