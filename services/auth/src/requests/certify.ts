import { certificateTranscript } from '@securechat/crypto/challenge';
import { keyId } from '@securechat/crypto/sign';
import type { HandlerOptions, Handlers } from './handlers.ts';

/** A gateway whose clock is a little behind can use its certificate at once. */
const BACKDATED_SECONDS = 60;

/** Whoever can write to auth's request stream is a gateway: keeping others off Redis is what protects this. */
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
    // tickets of the next key as well: another auth process may have begun to use it
    const service_keys = published.map(({ id, public_key }) => ({ id, public_key }));
    return { certificate: { ...certificate, signature }, service_keys, handovers };
  };
}
