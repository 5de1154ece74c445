import { beforeAll, describe, expect } from '@jest/globals';
import { sha256 } from '@securechat/crypto/sign';
import {
  encodeUpstream,
  groupOpTranscript,
  MAX_TIMESTAMP_AHEAD_SECONDS,
  MAX_TIMESTAMP_BEHIND_SECONDS,
  transcript,
} from '@securechat/protocol';
import {
  type Chat,
  type GroupCreate,
  makeChat,
  makeGroupCreate,
  newConversationId,
  newMessageId,
  nowSeconds,
  type Person,
  type Tampering,
} from '@securechat/testkit';
import { readMailbox } from '../support/pair.ts';
import { type Attacker, frameOf } from './support/attacker.ts';
import type { BadInput } from './support/bad-input.ts';
import { useSiege } from './support/siege.ts';

// as deployed: the conversations of one sender lie in several streams, which two processes share
const siege = useSiege({ partitions: 4, deliveries: 2 });
const { test } = siege;

let [bob, eve, mallory, zoe]: Person[] = [];
let phone: Attacker;
let withBob: string;
/** Stored in the conversation with Bob, as its first message. */
let stored: Chat;
let creation: GroupCreate;

beforeAll(async () => {
  [bob, eve, mallory, zoe] = await Promise.all(
    ['bob', 'eve', 'mallory', 'zoe'].map((name) => siege.victim(name)),
  );
  phone = siege.attackerFor(eve!);
  creation = makeGroupCreate({ creator: eve!, device: eve!.device(0), peer: bob!, welcome: 'canary' });
  withBob = creation.conversation_id;
  stored = makeChat({ ...sourceOf(1), payload: 'canary' });
  const client = await phone.session();
  client.send('group_create', creation);
  await client.next('ack');
  client.send('chat', stored);
  await client.next('ack');
  siege.keepSecret(creation.signature, creation.nonce, stored.signature, stored.nonce, withBob, stored.id);
}, 60_000);

const sourceOf = (clientSeq: number) => ({
  from: eve!,
  device: eve!.device(0),
  to: bob!.id,
  conversationId: withBob,
  clientSeq,
});
/** The next message that would be accepted, but for what is done to it. */
const next = (tampering: Tampering<Chat> = {}): Chat =>
  makeChat({ ...sourceOf(2), payload: 'canary' }, tampering);
const bytesOf = (message: Chat): Uint8Array => encodeUpstream('chat', message);
const opening = (tampering: Tampering<GroupCreate> = {}): GroupCreate =>
  makeGroupCreate({ creator: eve!, device: eve!.device(0), peer: zoe! }, tampering);

const forged = { error: 'INVALID_SIGNATURE', says: { code: 1002 } } as const;
const form = { error: 'INVALID_MESSAGE_FORMAT' } as const;
const denied = { error: 'PERMISSION_DENIED' } as const;
const OTHER_NONCE = 'AAAAAAAAAAAAAAAAAAAAAA==';

/** Each signed field with a value other than the honest one. The honest one of an optional field is none. */
const otherChat: { [K in keyof Chat]?: () => Chat[K] } = {
  id: () => newMessageId(),
  from: () => mallory!.id,
  to: () => mallory!.id,
  device_id: () => eve!.device(1).id,
  conversation_id: () => newConversationId(),
  epoch: () => 1,
  client_seq: () => 3,
  timestamp: () => nowSeconds() - 60,
  encrypted: () => false,
  nonce: () => OTHER_NONCE,
  payload: () => Buffer.from('canary, but other').toString('base64'),
  metadata: () => ({ reply_to: 'canary' }),
};
const otherCreation: { [K in keyof GroupCreate]?: () => GroupCreate[K] } = {
  id: () => newMessageId(),
  conversation_id: () => newConversationId(),
  generation: () => 1,
  epoch: () => 1,
  from: () => mallory!.id,
  device_id: () => eve!.device(1).id,
  timestamp: () => nowSeconds() - 60,
  nonce: () => OTHER_NONCE,
  members: () => [zoe!.id, eve!.id],
  added_devices: () => [eve!.device(0).address, zoe!.device(0).address],
  welcome: () => Buffer.from('canary, but other').toString('base64'),
  welcome_to: () => [zoe!.device(0).address],
};

/** Signed with one value and sent with the other, the honest one last: so nothing but the signature can tell. */
function signedOtherwise<M extends object>(
  others: { [K in keyof M]?: () => M[K] },
  make: (tampering: Tampering<M>) => M,
  encode: (message: M) => Uint8Array,
): BadInput[] {
  return (Object.keys(others) as (keyof M & string)[]).map((field) => ({
    name: `${field} is not what was signed`,
    send: () => {
      const honest = make({});
      const signed = { ...honest, [field]: others[field]?.() };
      return encode({ ...make({ signed }), [field]: honest[field] });
    },
    ...forged,
  }));
}

describe('every signed field is covered:', () => {
  siege.refuses(() => phone, signedOtherwise(otherChat, next, bytesOf));
  siege.refuses(
    () => phone,
    signedOtherwise(otherCreation, opening, (message) => encodeUpstream('group_create', message)),
  );
  const changedAfterwards = (Object.keys(otherChat) as (keyof Chat)[]).filter(
    (field) => !['from', 'device_id', 'encrypted'].includes(field),
  );
  siege.refuses(
    () => phone,
    changedAfterwards.map((field) => ({
      name: `${field} of a stored message is changed`,
      send: () => bytesOf({ ...stored, [field]: otherChat[field]?.() }),
      ...forged,
    })),
  );
  siege.refuses(
    () => phone,
    [
      ['gains an entry', { reply_to: 'canary', thread_id: 'canary' }],
      ['loses its entry', {}],
      ['has another value', { reply_to: 'canary2' }],
      ['has another name', { thread_id: 'canary' }],
      ['has a number for a text', { reply_to: 'canary', extra: 1 }],
    ].map(([what, metadata]) => ({
      name: `metadata that ${what}`,
      send: () =>
        bytesOf(
          next({ signed: { metadata: { reply_to: 'canary' } }, unsigned: { metadata } as Partial<Chat> }),
        ),
      ...forged,
    })),
  );
  siege.refuses(
    () => phone,
    [
      ['true is signed and 1 is sent', true, 1],
      ['1 is signed and "1" is sent', 1, '1'],
      ['"true" is signed and true is sent', 'true', true],
    ].map(([name, signed, sent]) => ({
      name: `metadata: ${name}`,
      send: () =>
        bytesOf(
          next({
            signed: { metadata: { extra: signed } } as Partial<Chat>,
            unsigned: { metadata: { extra: sent } } as Partial<Chat>,
          }),
        ),
      ...forged,
    })),
  );
});

/** The order of the group; S + L verifies by sloppy rules as well as S. */
const L = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

function malleable(signature: string): string {
  const bytes = Buffer.from(signature, 'base64');
  const scalar = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + L;
  const turned = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse();
  return Buffer.concat([bytes.subarray(0, 32), turned]).toString('base64');
}

describe('only the device’s own signature counts, not', () => {
  const inputs: [name: string, message: () => Chat][] = [
    ['that of another device of the user', () => next({ signWith: eve!.device(1).key })],
    ['that of the account', () => next({ signWith: eve!.accountKey })],
    ['that of the receiver', () => next({ signWith: bob!.device(0).key })],
    ['one of zeros', () => ({ ...next(), signature: Buffer.alloc(64).toString('base64') })],
    ['one of ones', () => ({ ...next(), signature: Buffer.alloc(64, 0xff).toString('base64') })],
    ['that of another message', () => ({ ...next(), signature: stored.signature })],
    [
      'another spelling of it as a number',
      () => {
        const message = next();
        return { ...message, signature: malleable(message.signature) };
      },
    ],
    [
      'one in another context',
      () => {
        const message = next();
        const hashes = { welcomeSha256: sha256(Buffer.alloc(0)).toString('base64') };
        const bytes = groupOpTranscript({ ...creation, id: message.id }, hashes);
        return { ...message, signature: eve!.device(0).key.sign(bytes).toString('base64') };
      },
    ],
    [
      'one over the hash of what is signed',
      () => {
        const message = next();
        const bytes = sha256(transcript('envelope', message));
        return { ...message, signature: eve!.device(0).key.sign(bytes).toString('base64') };
      },
    ],
    [
      'one over the JSON',
      () => {
        const { signature: _, ...message } = next();
        const bytes = Buffer.from(JSON.stringify(message));
        return { ...message, signature: eve!.device(0).key.sign(bytes).toString('base64') };
      },
    ],
  ];
  siege.refuses(
    () => phone,
    inputs.map(([name, message]) => ({ name, send: () => bytesOf(message()), ...forged })),
  );
});

describe('a message in the open', () => {
  siege.refuses(
    () => phone,
    [
      {
        name: 'is refused',
        send: () => bytesOf(next({ signed: { encrypted: false } })),
        error: 'ENCRYPTION_ERROR',
        says: { code: 1003 },
      },
      {
        name: 'is refused also when it says so unsigned',
        send: () => bytesOf(next({ unsigned: { encrypted: false } })),
        error: 'ENCRYPTION_ERROR',
      },
    ],
  );
});

describe('a time out of the window is refused:', () => {
  const times: [name: string, seconds: number][] = [
    ['49 hours ago', -49 * 3600],
    ['just too long ago', -MAX_TIMESTAMP_BEHIND_SECONDS - 2],
    ['in six minutes', 6 * 60],
    ['just too far ahead', MAX_TIMESTAMP_AHEAD_SECONDS + 5],
  ];
  const refused = { error: 'TIMESTAMP_OUT_OF_WINDOW', says: { code: 1000 } } as const;
  siege.refuses(
    () => phone,
    times.flatMap(([name, seconds]): BadInput[] => [
      { name, send: () => bytesOf(next({ signed: { timestamp: nowSeconds() + seconds } })), ...refused },
      {
        name: `${name}, for a creation`,
        send: () =>
          encodeUpstream('group_create', opening({ signed: { timestamp: nowSeconds() + seconds } })),
        ...refused,
      },
    ]),
  );
  siege.refuses(
    () => phone,
    [0, 99_999_999_999].map((timestamp) => ({
      name: `second ${timestamp}`,
      send: () => bytesOf(next({ signed: { timestamp } })),
      ...refused,
    })),
  );
});

describe('bytes have one spelling:', () => {
  /** The same bytes in other letters: not refused, they would be a second message with a good signature. */
  const spellings: [name: string, change: (text: string) => string][] = [
    ['no padding', (text) => text.replaceAll('=', '')],
    ['more padding', (text) => `${text}=`],
    [
      'unused bits',
      (text) => text.replace(/([A-Za-z0-9+/])(=+)$/, (_, letter, end) => nextLetter(letter) + end),
    ],
    ['the URL’s alphabet', (text) => text.replace(/[A-Za-z0-9+/]/, '-')],
    ['a line break at the end', (text) => `${text}\n`],
    ['a blank in the middle', (text) => `${text.slice(0, 4)} ${text.slice(4)}`],
    ['padding in the middle', (text) => `AA==${text}`],
  ];
  const nextLetter = (letter: string): string => String.fromCharCode(letter.charCodeAt(0) + 1);
  siege.refusesAll(
    'of payload, nonce and signature',
    () => [phone],
    (['payload', 'nonce', 'signature'] as const).flatMap((field) =>
      spellings.map(
        ([name, change]): BadInput => ({
          name: `${field} with ${name}`,
          send: () => {
            const message = next();
            // one byte more or less: so that there is padding
            const long = makeChat({ ...sourceOf(2), payload: 'canary!' });
            const from = field === 'payload' ? long : message;
            return frameOf('chat', JSON.stringify({ ...from, [field]: change(from[field]) }));
          },
          ...form,
        }),
      ),
    ),
  );
  siege.refusesAll(
    'of a welcome',
    () => [phone],
    spellings.map(
      ([name, change]): BadInput => ({
        name,
        send: () => {
          const message = opening({ signed: { welcome: Buffer.from('canary!').toString('base64') } });
          return frameOf('group_create', JSON.stringify({ ...message, welcome: change(message.welcome) }));
        },
        ...form,
      }),
    ),
  );
});

describe('a captured frame', () => {
  siege.refuses(
    () => phone,
    [
      {
        name: 'under a new id has no good signature',
        send: () => bytesOf({ ...stored, id: newMessageId() }),
        ...forged,
      },
      {
        name: 'whose id now has another payload is told apart',
        send: () => bytesOf(next({ signed: { id: stored.id } })),
        error: 'ID_REUSED',
        says: { code: 1000, reference_id: undefined },
      },
      {
        name: 'whose id now has another place is told apart',
        send: () => bytesOf(makeChat({ ...sourceOf(2), payload: 'canary', id: stored.id })),
        error: 'ID_REUSED',
      },
      {
        name: 'whose id is now that of a creation is told apart',
        send: () => encodeUpstream('group_create', opening({ signed: { id: stored.id } })),
        error: 'ID_REUSED',
      },
      {
        name: 'of a creation, whose id is now that of a message, is told apart',
        send: () => bytesOf(next({ signed: { id: creation.id } })),
        error: 'ID_REUSED',
      },
    ].map(({ says: _, ...input }) => input as BadInput),
  );

  test('again is answered as before and has no second effect, on this and on another gateway', async () => {
    const before = await siege.database.fingerprint();
    const places = [];
    for (const where of [0, 0, 1, 1]) {
      const client = await siege.attackerFor(eve!, { where }).session();
      for (const [name, message] of [
        ['chat', stored],
        ['group_create', creation],
      ] as const) {
        client.send(name, message as never);
        const { ref, conv_seq, dup } = await client.next('ack');
        places.push([ref, conv_seq, dup]);
      }
    }
    const expected = [
      [stored.id, 2, true],
      [creation.id, 1, true],
    ];
    expect(places).toEqual([...expected, ...expected, ...expected, ...expected]);
    await siege.database.settled();
    expect(await siege.database.fingerprint()).toEqual(before);
    const { items } = await readMailbox(await siege.attackerFor(bob!, { where: 1 }).session());
    expect(items.map(({ id }) => id)).toEqual([creation.id, stored.id]);
  });

  test('in another order and with blanks is the same message, and the first bytes stay', async () => {
    const before = await siege.database.fingerprint();
    const turned = Object.fromEntries(Object.entries(stored).reverse());
    const client = await siege.attackerFor(eve!).session();
    client.sendFrame(frameOf('chat', `${JSON.stringify(turned, null, 2)}\n\n`));
    expect(await client.next('ack')).toMatchObject({ ref: stored.id, conv_seq: 2, dup: true });
    expect(await siege.database.fingerprint()).toEqual(before);
  });

  test('is of no use on another device’s session, or another user’s', async () => {
    const thieves: [Person, number][] = [
      [eve!, 1],
      [mallory!, 0],
      [bob!, 0],
    ];
    for (const [person, device] of thieves) {
      for (const where of [0, 1]) {
        const thief = siege.attackerFor(person, { device, where });
        for (const send of [() => bytesOf(stored), () => encodeUpstream('group_create', creation)]) {
          await siege.check(thief, { name: `captured, sent as ${person.id}`, send, ...denied });
        }
      }
    }
  });

  test('and the same id from another device are two messages', async () => {
    const laptop = await siege.attackerFor(eve!, { device: 1 }).session();
    const source = { ...sourceOf(1), device: eve!.device(1), payload: 'canary', id: stored.id };
    laptop.send('chat', makeChat(source));
    const { ref, dup } = await laptop.next('ack');
    expect([ref, dup]).toEqual([stored.id, undefined]);
  });
});

test('an id that is sent to several conversations at once takes effect in one', async () => {
  const [sender, ...peers] = await Promise.all(
    ['one', 'two', 'three', 'four'].map((name) => siege.victim(name)),
  );
  const attacker = siege.attackerFor(sender!);
  const conversations: { id: string; peer: Person; seq: number }[] = [];
  for (const peer of peers) conversations.push({ id: await siege.converse(attacker, peer), peer, seq: 1 });
  let client = await attacker.newSession();
  for (let round = 0; round < 12; round++) {
    // two faults a round
    if (round % 4 === 3) client = await attacker.newSession();
    const id = newMessageId();
    const messages = conversations.map(({ peer, id: conversationId, seq: clientSeq }) =>
      makeChat({
        from: sender!,
        device: sender!.device(0),
        to: peer.id,
        id,
        conversationId,
        clientSeq,
        payload: 'canary',
      }),
    );
    // in several streams, and so with two processes, at the same moment
    client.sendFrame(Buffer.concat(messages.map(bytesOf)));
    const answers = [];
    while (answers.length < messages.length) answers.push(await client.nextOf(['ack', 'error']));
    const names = answers.map((answer) => (answer.type === 'ack' ? 'stored' : answer.error_code));
    expect(names.toSorted()).toEqual(['ID_REUSED', 'ID_REUSED', 'stored']);
    const ack = answers.find(({ type }) => type === 'ack');
    for (const conversation of conversations)
      if (conversation.id === ack?.conversation_id) conversation.seq++;
    expect(await siege.database.count('delivery.messages WHERE msg_id = $1', [id])).toBe(1);
  }
});

siege.endsWell();
