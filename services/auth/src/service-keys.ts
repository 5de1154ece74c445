import { signHandover } from '@securechat/crypto/service-keys';
import { keyId, type SigningKey, signingKeyFromSeed } from '@securechat/crypto/sign';
import type { Handover } from '@securechat/protocol';
import type { ServiceKey } from '@securechat/protocol/internal';

type KeyState = 'current' | 'next' | 'previous';

/**
 * current   signs everything: certificates, tickets.
 * next      is only announced: the current one hands over to it.
 * previous  signs only the handover to the current one; its tickets are still accepted.
 */
export type ServiceKeys = {
  current: SigningKey;
  /** The public halves, the signing one first. */
  published: (ServiceKey & { state: KeyState })[];
  handovers: Handover[];
  wipe(): void;
};

export function openServiceKeys(seeds: {
  serviceKeySeed: Uint8Array;
  serviceKeyNextSeed?: Uint8Array | undefined;
  serviceKeyPreviousSeed?: Uint8Array | undefined;
}): ServiceKeys {
  const current = signingKeyFromSeed(seeds.serviceKeySeed);
  const next = seeds.serviceKeyNextSeed && signingKeyFromSeed(seeds.serviceKeyNextSeed);
  const previous = seeds.serviceKeyPreviousSeed && signingKeyFromSeed(seeds.serviceKeyPreviousSeed);
  const handovers = [
    ...(previous ? [signHandover(previous, current.publicKey)] : []),
    ...(next ? [signHandover(current, next.publicKey)] : []),
  ];
  const keys: [KeyState, SigningKey | undefined][] = [
    ['current', current],
    ['next', next],
    ['previous', previous],
  ];
  return {
    current,
    published: keys.flatMap(([state, key]) => (key ? [{ ...publicHalf(key), state }] : [])),
    handovers,
    wipe() {
      for (const [, key] of keys) key?.wipe();
    },
  };
}

function publicHalf({ publicKey }: SigningKey): ServiceKey {
  return { id: keyId(publicKey), public_key: publicKey.toString('base64') };
}
