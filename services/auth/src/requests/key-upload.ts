import { checkKeyPackage, MLS_SUITE } from '@securechat/crypto/key-package';
import { sha256, verifySignature } from '@securechat/crypto/sign';
import {
  credentialIdentity,
  type ErrorDetail,
  type ErrorName,
  keyExchangeTranscript,
} from '@securechat/protocol';
import type { AuthRequests } from '@securechat/protocol/internal';
import { MAX_KEY_PACKAGES } from '../limits/table.ts';
import type { KeyOwner, StoredKeyPackage } from '../store/key-store.ts';
import type { HandlerOptions, Handlers } from './handlers.ts';

type Upload = AuthRequests['key_upload']['ask'];

/** Stores a device's key package if everything about it is valid; otherwise nothing changes. */
export function createKeyUpload({
  keys,
  keyLimits,
  keyLowWater,
  clock,
}: HandlerOptions): Handlers['key_upload'] {
  return async (upload) => {
    const { user, device } = upload;
    const taken = await keyLimits.take('keyUploads', [user], 1);
    if (taken.count === 0)
      return refused('RATE_LIMITED', { scope: 'key_uploads', retry_after_ms: taken.retryAfterMs });

    const owner = await keys.findOwner(device);
    if (!owner) return refused('PERMISSION_DENIED');
    const checked = check(upload, owner, Math.floor(clock.now() / 1000));
    if ('error' in checked) return checked;

    const outcome = await keys.store(device, checked, MAX_KEY_PACKAGES);
    if (outcome === 'already_used') return refused('KEY_ALREADY_USED', { path: '/key_id' });
    if (outcome === 'full') return refused('KEY_LIMIT_REACHED', { limit: MAX_KEY_PACKAGES });
    return { ok: true, ...(await keys.stockOf(device)), low_water: keyLowWater };
  };
}

function check(upload: Upload, owner: KeyOwner, nowSeconds: number): StoredKeyPackage | Refusal {
  const certificate = owner.list.devices.find(({ device_id }) => device_id === owner.device_id);
  if (!certificate) return refused('PERMISSION_DENIED');
  const bytes = Buffer.from(upload.key_package, 'base64');
  const signature = Buffer.from(upload.signature, 'base64');
  const signed = keyExchangeTranscript(owner, upload, { keyPackageSha256: sha256(bytes).toString('base64') });
  if (!verifySignature(owner.public_key, signed, signature)) return refused('INVALID_SIGNATURE');

  const publicKey = Buffer.from(upload.public_key, 'base64');
  const verdict = checkKeyPackage(bytes, {
    reference: upload.key_id,
    initKey: publicKey,
    deviceKey: owner.public_key,
    identity: credentialIdentity(owner.list, certificate),
    lastResort: upload.last_resort,
    nowSeconds,
  });
  if (!verdict.isSound) return refused('INVALID_KEY_PACKAGE', { path: `/key_package ${verdict.fault}` });
  const ref = Buffer.from(upload.key_id, 'base64url');
  const { expiresAt } = verdict;
  return { ref, suite: MLS_SUITE, publicKey, signature, bytes, expiresAt, lastResort: upload.last_resort };
}

type Refusal = { ok: false; error: ErrorName; detail: ErrorDetail };
function refused(error: ErrorName, detail: ErrorDetail = {}): Refusal {
  return { ok: false, error, detail };
}
