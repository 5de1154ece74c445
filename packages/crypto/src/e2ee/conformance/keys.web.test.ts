import { expect, test } from '@jest/globals';
import { decodeAuthenticatedContent } from 'ts-mls/authenticatedContent.js';
import { refhash } from 'ts-mls/crypto/hash.js';
import { decryptWithLabel, encryptWithLabel } from 'ts-mls/crypto/hpke.js';
import { deriveSecret, deriveTreeSecret, expandWithLabel } from 'ts-mls/crypto/kdf.js';
import { signWithLabel, verifyWithLabel } from 'ts-mls/crypto/signature.js';
import { createConfirmationTag } from 'ts-mls/framedContent.js';
import { decodeGroupContext } from 'ts-mls/groupContext.js';
import { initializeEpoch, mlsExporter } from 'ts-mls/keySchedule.js';
import { createSecretTree, deriveKey, deriveNonce, ratchetUntil } from 'ts-mls/secretTree.js';
import { expandSenderDataKey, expandSenderDataNonce } from 'ts-mls/sender.js';
import { createConfirmedHash, createInterimHash } from 'ts-mls/transcriptHash.js';
import { hex } from '../testing/member.ts';
import { suiteOne } from '../testing/raw.ts';
import { bytes, casesOf, sources } from './sets.ts';

type Derivation = {
  label: string;
  secret: string;
  context: string;
  generation: number;
  length: number;
  out: string;
};
type Basics = {
  ref_hash: { label: string; value: string; out: string };
  expand_with_label: Derivation;
  derive_secret: Derivation;
  derive_tree_secret: Derivation;
  sign_with_label: { priv: string; pub: string; content: string; label: string; signature: string };
  encrypt_with_label: {
    priv: string;
    pub: string;
    label: string;
    context: string;
    plaintext: string;
    kem_output: string;
    ciphertext: string;
  };
};
type Epoch = Record<string, string> & {
  exporter: { label: string; context: string; length: number; secret: string };
};
type Schedule = { initial_init_secret: string; epochs: Epoch[] };
type Leaf = Record<string, string> & { generation: number };
type Tree = {
  encryption_secret: string;
  sender_data: { sender_data_secret: string; ciphertext: string; key: string; nonce: string };
  leaves: Leaf[][];
};

for (const [source, folder] of sources) {
  const basics = await casesOf<Basics>(folder, 'crypto-basics');
  test(`MLS vectors, ${source}: crypto-basics (${basics.length})`, async () => {
    const cs = await suiteOne();
    for (const { ref_hash, expand_with_label, derive_secret, derive_tree_secret, ...more } of basics) {
      expect(hex(await refhash(ref_hash.label, bytes(ref_hash.value), cs.hash))).toBe(ref_hash.out);
      const { secret, label, context, length, out } = expand_with_label;
      expect(hex(await expandWithLabel(bytes(secret), label, bytes(context), length, cs.kdf))).toBe(out);
      expect(hex(await deriveSecret(bytes(derive_secret.secret), derive_secret.label, cs.kdf))).toBe(
        derive_secret.out,
      );
      const tree = derive_tree_secret;
      const derived = await deriveTreeSecret(
        bytes(tree.secret),
        tree.label,
        tree.generation,
        tree.length,
        cs.kdf,
      );
      expect(hex(derived)).toBe(tree.out);

      const { priv, pub, content, label: signed, signature } = more.sign_with_label;
      expect(await verifyWithLabel(bytes(pub), signed, bytes(content), bytes(signature), cs.signature)).toBe(
        true,
      );
      expect(hex(await signWithLabel(bytes(priv), signed, bytes(content), cs.signature))).toBe(signature);

      const sealed = more.encrypt_with_label;
      const privateKey = await cs.hpke.importPrivateKey(bytes(sealed.priv));
      const publicKey = await cs.hpke.importPublicKey(bytes(sealed.pub));
      const open = (kemOutput: Uint8Array, ciphertext: Uint8Array) =>
        decryptWithLabel(privateKey, sealed.label, bytes(sealed.context), kemOutput, ciphertext, cs.hpke);
      expect(hex(await open(bytes(sealed.kem_output), bytes(sealed.ciphertext)))).toBe(sealed.plaintext);
      const { enc, ct } = await encryptWithLabel(
        publicKey,
        sealed.label,
        bytes(sealed.context),
        bytes(sealed.plaintext),
        cs.hpke,
      );
      expect(hex(await open(enc, ct))).toBe(sealed.plaintext);
    }
  });

  const schedules = await casesOf<Schedule>(folder, 'key-schedule');
  test(`MLS vectors, ${source}: key-schedule (${schedules.flatMap(({ epochs }) => epochs).length} epochs)`, async () => {
    const cs = await suiteOne();
    for (const { initial_init_secret, epochs } of schedules) {
      let initSecret = bytes(initial_init_secret);
      for (const { exporter, ...epoch } of epochs) {
        const value = (name: string): Uint8Array => bytes(epoch[name] ?? '');
        const [context] = decodeGroupContext(value('group_context'), 0) ?? [];
        const got = await initializeEpoch(
          initSecret,
          value('commit_secret'),
          context!,
          value('psk_secret'),
          cs.kdf,
        );
        const { keySchedule: keys } = got;
        for (const [name, secret] of [
          ['joiner_secret', got.joinerSecret],
          ['welcome_secret', got.welcomeSecret],
          ['encryption_secret', got.encryptionSecret],
          ['init_secret', keys.initSecret],
          ['sender_data_secret', keys.senderDataSecret],
          ['exporter_secret', keys.exporterSecret],
          ['external_secret', keys.externalSecret],
          ['confirmation_key', keys.confirmationKey],
          ['membership_key', keys.membershipKey],
          ['resumption_psk', keys.resumptionPsk],
          ['epoch_authenticator', keys.epochAuthenticator],
        ] as const) {
          expect([name, hex(secret)]).toEqual([name, epoch[name]]);
        }
        const { label, context: about, length, secret } = exporter;
        expect(hex(await mlsExporter(keys.exporterSecret, label, bytes(about), length, cs))).toBe(secret);
        initSecret = Uint8Array.from(keys.initSecret);
      }
    }
  });

  const trees = await casesOf<Tree>(folder, 'secret-tree');
  test(`MLS vectors, ${source}: secret-tree (${trees.length})`, async () => {
    const cs = await suiteOne();
    const config = { retainKeysForGenerations: 0, retainKeysForEpochs: 1, maximumForwardRatchetSteps: 1_000 };
    for (const { encryption_secret, sender_data: data, leaves } of trees) {
      const ciphertext = bytes(data.ciphertext);
      const secret = bytes(data.sender_data_secret);
      expect(hex(await expandSenderDataKey(cs, secret, ciphertext))).toBe(data.key);
      expect(hex(await expandSenderDataNonce(cs, secret, ciphertext))).toBe(data.nonce);
      const tree = await createSecretTree(leaves.length, bytes(encryption_secret), cs.kdf);
      for (const [index, generations] of leaves.entries()) {
        for (const { generation, ...wanted } of generations) {
          for (const kind of ['application', 'handshake'] as const) {
            const [ratchet] = await ratchetUntil(tree[2 * index]![kind], generation, config, cs.kdf);
            expect(hex(await deriveKey(ratchet.secret, generation, cs))).toBe(wanted[`${kind}_key`]);
            expect(hex(await deriveNonce(ratchet.secret, generation, cs))).toBe(wanted[`${kind}_nonce`]);
          }
        }
      }
    }
  });

  const hashes = await casesOf<Record<string, string>>(folder, 'transcript-hashes');
  test(`MLS vectors, ${source}: transcript-hashes (${hashes.length})`, async () => {
    const cs = await suiteOne();
    for (const given of hashes) {
      const value = (name: string): Uint8Array => bytes(given[name] ?? '');
      const [commit] = decodeAuthenticatedContent(value('authenticated_content'), 0) ?? [];
      if (commit?.content.contentType !== 'commit' || commit.auth.contentType !== 'commit')
        throw new Error('no commit');
      const { wireformat, content, auth } = commit;
      const input = { wireformat, content, signature: auth.signature };
      const confirmed = await createConfirmedHash(value('interim_transcript_hash_before'), input, cs.hash);
      expect(hex(confirmed)).toBe(given.confirmed_transcript_hash_after);
      expect(hex(await createInterimHash(confirmed, auth.confirmationTag, cs.hash))).toBe(
        given.interim_transcript_hash_after,
      );
      expect(await createConfirmationTag(value('confirmation_key'), confirmed, cs.hash)).toEqual(
        Uint8Array.from(auth.confirmationTag),
      );
    }
  });
}
