import { expect, test } from '@jest/globals';
import { signingKeyFromSeed, verifySignature } from '../sign.ts';
import { generateKeyPair, publicKeyOf, sign, verify } from './index.ts';

const message = new TextEncoder().encode('a labelled transcript');

test('keys and signatures are those of the server', async () => {
  for (let n = 0; n < 10; n++) {
    const { publicKey, secretKey } = await generateKeyPair();
    const server = signingKeyFromSeed(secretKey);
    expect(Buffer.from(publicKey)).toEqual(server.publicKey);
    expect(await publicKeyOf(secretKey)).toEqual(publicKey);
    const signature = await sign(secretKey, message);
    expect(Buffer.from(signature)).toEqual(server.sign(message));
    expect(await verify(publicKey, message, signature)).toBe(true);
    expect(verifySignature(publicKey, message, signature)).toBe(true);
  }
});
