import { randomBytes } from 'node:crypto';
import { signingKeyFromSeed } from '@securechat/crypto/sign';
import type { Person } from '@securechat/testkit';
import type { Identity } from './plan.ts';

const SEED_BYTES = 32;

/** Somebody with one device, and what another program needs to log in as it. */
export function makePerson(id: string): { person: Person; identity: Identity } {
  const seed = randomBytes(SEED_BYTES);
  const key = signingKeyFromSeed(seed);
  const publicKey = key.publicKey.toString('base64');
  const device = { id: 'phone', address: `${id}:phone`, key, publicKey };
  const accountKey = signingKeyFromSeed(randomBytes(SEED_BYTES));
  return {
    person: { id, accountKey, devices: [device], device: () => device },
    identity: { user: id, device: device.id, publicKey, seed: seed.toString('base64') },
  };
}
