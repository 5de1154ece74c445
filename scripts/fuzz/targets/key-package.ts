import { checkKeyPackage } from '@securechat/crypto/key-package';
import { signingKeyFromSeed } from '@securechat/crypto/sign';
import { makeKeyPackage } from '@securechat/crypto/testing';
import type { Target } from '../target.ts';

const NOW_SECONDS = 1_800_000_000;
const key = signingKeyFromSeed(Buffer.alloc(32, 7));
const identity = Buffer.from('identity');
const sound = makeKeyPackage({ key, identity, nowSeconds: NOW_SECONDS });

/** What a device uploads: only the valid key package may be accepted. */
export const keyPackageTarget: Target = {
  name: 'key-package',
  seeds: [sound.bytes, makeKeyPackage({ key, identity, lastResort: true, nowSeconds: NOW_SECONDS }).bytes],
  guidedBy: /\/packages\/crypto\/src\//,
  run(input) {
    const verdict = checkKeyPackage(input, {
      ...{ reference: sound.reference, initKey: sound.initKey, deviceKey: key.publicKey, identity },
      ...{ lastResort: false, nowSeconds: NOW_SECONDS },
    });
    if (verdict.isSound && !sound.bytes.equals(input))
      throw new Error('another one passes for the sound one');
  },
};
