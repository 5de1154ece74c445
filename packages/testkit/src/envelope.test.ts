import { expect, test } from '@jest/globals';
import { sha256, verifySignature } from '@securechat/crypto/sign';
import {
  decodeUpstream,
  encodeUpstream,
  groupOpTranscript,
  HEADER_BYTES,
  transcript,
  upstream,
} from '@securechat/protocol';
import {
  type Chat,
  type GroupCreate,
  makeChat,
  makeGroupCreate,
  newConversationId,
  type Tampering,
} from './envelope.ts';
import { alice, bob } from './people.ts';

function chat(tampering: Tampering<Chat> = {}): Chat {
  const conversationId = newConversationId();
  return makeChat(
    { from: alice, device: alice.device(0), to: 'bob', conversationId, clientSeq: 1, payload: 'hello' },
    tampering,
  );
}

function isSigned(message: Chat): boolean {
  return verifySignature(
    alice.device(0).key.publicKey,
    transcript('envelope', message),
    Buffer.from(message.signature, 'base64'),
  );
}

function isGroupSigned(operation: GroupCreate): boolean {
  const welcomeSha256 = sha256(Buffer.from(operation.welcome, 'base64')).toString('base64');
  return verifySignature(
    alice.device(0).key.publicKey,
    groupOpTranscript(operation, { welcomeSha256 }),
    Buffer.from(operation.signature, 'base64'),
  );
}

test('a chat has the form of the catalogue and a good signature', () => {
  const message = chat();
  const frame = encodeUpstream('chat', message);
  expect(decodeUpstream(upstream.chat.id, frame.subarray(HEADER_BYTES))).toEqual(message);
  expect(isSigned(message)).toBe(true);
  expect(Buffer.from(message.payload, 'base64').toString()).toBe('hello');
});

test('two chats of the same content have different ids and nonces', () => {
  const [first, second] = [chat(), chat()];
  expect(first.id).not.toBe(second.id);
  expect(first.nonce).not.toBe(second.nonce);
});

test('what is changed before signing is signed, what is changed after is not', () => {
  const before = chat({ signed: { to: 'charlie', metadata: { expires_at: 5 } } });
  expect([before.to, isSigned(before)]).toEqual(['charlie', true]);
  const after = chat({ unsigned: { to: 'charlie' } });
  expect([after.to, isSigned(after)]).toEqual(['charlie', false]);
  expect(isSigned(chat({ signWith: bob.device(0).key }))).toBe(false);
});

test('a direct creation names both people and all their devices, and is welcomed by all but the creator', () => {
  const operation = makeGroupCreate({ creator: alice, device: alice.device(0), peer: bob });
  const frame = encodeUpstream('group_create', operation);
  expect(decodeUpstream(upstream.group_create.id, frame.subarray(HEADER_BYTES))).toEqual(operation);
  expect(operation.members).toEqual(['alice', 'bob']);
  expect(operation.added_devices).toEqual(['alice:phone', 'alice:laptop', 'bob:phone', 'bob:laptop']);
  expect(operation.welcome_to).toEqual(['alice:laptop', 'bob:phone', 'bob:laptop']);
  expect(isGroupSigned(operation)).toBe(true);
});

test('the signature of a creation covers the welcome', () => {
  const source = { creator: alice, device: alice.device(0), peer: bob };
  const swapped = makeGroupCreate(source, { unsigned: { welcome: 'AAAA' } });
  expect(isGroupSigned(swapped)).toBe(false);
});
