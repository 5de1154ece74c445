import { expect, test } from '@jest/globals';
import { everything, readVectors } from '#vector-files';
import { verify } from '../ed25519.ts';
import { hex } from '../testing/member.ts';
import { suiteOne } from '../testing/raw.ts';
import { bytes } from './sets.ts';

type Case = Record<
  | 'tcId'
  | 'msg'
  | 'sig'
  | 'result'
  | 'key'
  | 'iv'
  | 'aad'
  | 'ct'
  | 'tag'
  | 'ikm'
  | 'salt'
  | 'info'
  | 'okm'
  | 'public'
  | 'private'
  | 'shared',
  string
> & { size: number };
type Group = { publicKey: { pk: string }; keySize: number; ivSize: number; tagSize: number; tests: Case[] };

test('RFC 7748 §6.1 and RFC 5869, test 3', async () => {
  const alice = bytes('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a');
  const bob = bytes('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f');
  const shared = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';
  expect(hex(await agree(alice, bob))).toBe(shared);
  const { kdf } = await suiteOne();
  const prk = await kdf.extract(new Uint8Array(), new Uint8Array(22).fill(0x0b));
  expect(hex(await kdf.expand(prk, new Uint8Array(), 42))).toBe(
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  );
});

if (everything !== undefined) {
  const folder = everything;
  const read = async <T>(path: string): Promise<T> => JSON.parse(await readVectors(folder, path)) as T;
  const groupsOf = async (set: string): Promise<Group[]> =>
    (await read<{ testGroups: Group[] }>(`wycheproof/${set}_test.json`)).testGroups;
  const attempt = (work: Promise<Uint8Array>): Promise<string | undefined> => work.then(hex, () => undefined);

  test('Wycheproof: Ed25519', async () => {
    let count = 0;
    for (const { publicKey, tests } of await groupsOf('ed25519')) {
      for (const { tcId, msg, sig, result } of tests) {
        expect([tcId, await verify(bytes(publicKey.pk), bytes(msg), bytes(sig))]).toEqual([
          tcId,
          result === 'valid',
        ]);
        count += 1;
      }
    }
    expect(count).toBe(151);
  });

  test('of the twelve signatures on which libraries differ, the server’s are taken', async () => {
    const cases = await read<{ message: string; pub_key: string; signature: string }[]>(
      'ed25519-speccheck/cases.json',
    );
    const verdicts = cases.map(({ message, pub_key, signature }) =>
      verify(bytes(pub_key), bytes(message), bytes(signature)),
    );
    expect((await Promise.all(verdicts)).map((isTaken) => (isTaken ? 'V' : 'x')).join('')).toBe(
      'xxxVxxxxxxxx',
    );
  });

  test('Wycheproof: AES-GCM with the keys, nonces and tags that MLS has', async () => {
    const { hpke } = await suiteOne();
    let count = 0;
    for (const { keySize, ivSize, tagSize, tests } of await groupsOf('aes_gcm')) {
      if (ivSize !== 96 || tagSize !== 128 || ![128, 256].includes(keySize)) continue;
      for (const { tcId, key, iv, aad, ct, tag, msg, result } of tests) {
        const opened = await attempt(hpke.decryptAead(bytes(key), bytes(iv), bytes(aad), bytes(ct + tag)));
        expect([tcId, opened]).toEqual([tcId, result === 'valid' ? msg : undefined]);
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(100);
  });

  test('Wycheproof: HKDF with SHA-256, with the salts that MLS has: none, or as long as a hash', async () => {
    const { kdf } = await suiteOne();
    let count = 0;
    for (const { tests } of await groupsOf('hkdf_sha256')) {
      for (const { tcId, ikm, salt, info, size, okm, result } of tests) {
        if (![0, kdf.size].includes(salt.length / 2)) continue;
        const prk = await kdf.extract(bytes(salt), bytes(ikm));
        const derived = await attempt(kdf.expand(prk, bytes(info), size));
        expect([tcId, derived]).toEqual([tcId, result === 'valid' ? okm : undefined]);
        count += 1;
      }
    }
    expect(count).toBe(35);
  });

  test('Wycheproof: X25519 agrees on the same secret, and on none that everybody would have', async () => {
    let count = 0;
    for (const { tests } of await groupsOf('x25519')) {
      for (const { tcId, public: publicKey, private: privateKey, shared } of tests) {
        const agreed = await attempt(agree(bytes(privateKey), bytes(publicKey)));
        expect([tcId, agreed]).toEqual([tcId, /^0+$/.test(shared) ? undefined : shared]);
        count += 1;
      }
    }
    expect(count).toBe(518);
  });
}

/** Key agreement as the suite's library does it, by WebCrypto. */
async function agree(secret: Uint8Array, other: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const pkcs8 = Uint8Array.of(
    0x30,
    0x2e,
    2,
    1,
    0,
    0x30,
    5,
    6,
    3,
    0x2b,
    0x65,
    0x6e,
    4,
    0x22,
    4,
    0x20,
    ...secret,
  );
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, 'X25519', false, ['deriveBits']);
  const publicKey = await crypto.subtle.importKey('raw', other, 'X25519', false, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: publicKey }, key, 256));
}
