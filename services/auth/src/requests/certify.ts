import { certificateTranscript } from '@securechat/crypto/challenge';
import { keyId } from '@securechat/crypto/sign';
import { serviceKeysOf } from '../service-keys.ts';
import type { HandlerOptions, Handlers } from './handlers.ts';

/** A gateway whose clock is a little behind can use its certificate at once. */
const BACKDATED_SECONDS = 60;

/** Whoever can write to auth's request stream is a gateway: keeping others off Redis is what protects this. */
export function createCertify({
  serviceKey,
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
      service_key_id: keyId(serviceKey.publicKey),
    };
    const signature = serviceKey.sign(certificateTranscript(certificate)).toString('base64');
    return { certificate: { ...certificate, signature }, service_keys: serviceKeysOf(serviceKey) };
  };
}
