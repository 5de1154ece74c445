/** Something that the server learns: why it needs it, and how long it is kept. */
export type Fact = { readonly why: string; readonly kept: string };

const NOT = 'not kept';
const CONNECTION = 'in memory of a gateway, as long as the connection';
const CONTENT = 'until all devices have it, it expires, or 30 days';
const MESSAGE = 'with the message: for 4 days, or until all devices have it, at most 30 days';
const LOGGED = `${MESSAGE}. Its result stays with the conversation`;
const CONVERSATION = 'as long as the conversation';
const ACCOUNT = 'as long as the account';
const FILE =
  'with the file: a week if it is incomplete, 30 days if it is complete, or until it is taken back';
const CALL = 'in Redis, for a minute until somebody answers, then for an hour';

/**
 * Every fact that a field of the wire or of the HTTP interfaces may reveal. A field that reveals another needs an
 * entry here.
 */
export const facts = {
  messageType: { why: 'decides which service handles it', kept: MESSAGE },
  messageId: { why: 'a repeated message takes effect once', kept: MESSAGE },
  requestId: { why: 'the answer refers to its question', kept: NOT },
  claimId: { why: 'a repeated request gets no second key', kept: 'a day' },
  sender: { why: 'compared with the login; receivers check the signature with it', kept: MESSAGE },
  sendingDevice: { why: 'compared with the login; says which key signed', kept: MESSAGE },
  addressee: { why: 'compared with the conversation', kept: CONTENT },
  conversation: { why: 'decides who gets it, and in which order', kept: MESSAGE },
  place: { why: 'nothing is lost, doubled or encrypted with old keys', kept: MESSAGE },
  sentAt: { why: 'old messages are refused', kept: CONTENT },
  expiry: { why: 'the message is deleted at that time', kept: CONTENT },
  statedReply: { why: 'shown to receivers. The SDK puts it inside the encryption instead', kept: CONTENT },
  statedMetadata: { why: 'for other clients. The SDK sends none', kept: CONTENT },
  isEncrypted: { why: 'content that is not encrypted is refused', kept: CONTENT },
  nonce: { why: 'no two messages are alike', kept: CONTENT },
  signature: { why: 'nobody can send in the name of somebody else', kept: CONTENT },
  ciphertext: { why: 'for the receivers. Its length shows only a size class', kept: CONTENT },
  keyMaterial: {
    why: 'for the devices of the conversation. The server cannot read it; its length shows roughly how many they are',
    kept: CONTENT,
  },
  encryptedName: { why: 'for the members', kept: CONTENT },

  members: { why: 'decides who gets messages', kept: CONVERSATION },
  memberDevices: {
    why: 'decides which devices get messages, and which must be removed from the keys',
    kept: CONVERSATION,
  },
  role: { why: 'decides who may change the group', kept: CONVERSATION },
  ban: { why: 'decides who may not be added', kept: CONVERSATION },
  conversationKind: { why: 'two users have only one direct conversation', kept: CONVERSATION },
  previousOperation: { why: 'operations form a chain that members check', kept: LOGGED },

  deviceCursor: {
    why: 'what a device has stored is deleted from its mailbox',
    kept: 'the newest, as long as the device',
  },
  readUpTo: {
    why: 'told to senders, unless the user has switched that off',
    kept: `the newest, ${CONVERSATION}`,
  },
  blocked: { why: 'nothing passes between the two users', kept: 'until it is taken back' },
  choice: { why: 'the server acts by it', kept: ACCOUNT },
  pageStart: { why: 'the answer begins there', kept: NOT },
  askedConversation: { why: 'only members get an answer', kept: NOT },
  askedUser: { why: 'the answer is about this user', kept: NOT },
  claimedUser: { why: 'the answer has keys of this user; their number is limited', kept: 'a day' },
  watchedUsers: {
    why: 'their statuses are sent to this connection',
    kept: `${CONNECTION}; which gateway asks: 15 minutes, in Redis`,
  },
  status: {
    why: 'told to those who may see it',
    kept: 'in Redis, for 38 seconds after it was last reported; the time of being last online: as long as the account. Others are told its hour, unless the user hides it',
  },
  typing: { why: 'told to members who are connected', kept: 'at most 6 seconds, in Redis' },
  pushTarget: {
    why: 'the device is woken there. It names the push service, with a random address that this service made',
    kept: 'until the device takes it back or is revoked, or the address does not work any more',
  },
  heartbeat: { why: 'dead connections are noticed', kept: NOT },

  user: { why: 'names the account', kept: ACCOUNT },
  device: { why: 'names the device of the user', kept: ACCOUNT },
  publicKey: { why: 'signatures are checked with it', kept: ACCOUNT },
  deviceList: { why: 'tells others the user’s devices; signed by the account key', kept: ACCOUNT },
  keyPackage: {
    why: 'handed out once, to somebody who starts a conversation',
    kept: 'until it is handed out or expires, at most 90 days; its id for as long',
  },
  proof: { why: 'proves that the device has the key', kept: NOT },
  challenge: { why: 'the server proves who it is by it', kept: CONNECTION },
  clientVersion: { why: 'decides which protocol version both sides use', kept: CONNECTION },
  ticket: { why: 'allows a login without asking auth', kept: NOT },
  admission: { why: 'decides who may create an account', kept: 'an invite: its SHA-256; a token: not kept' },

  file: { why: 'names the file', kept: FILE },
  fileSize: { why: 'room is reserved. It is the size of the ciphertext, padded to a size class', kept: FILE },
  chunk: { why: 'for users with access. Ciphertext', kept: FILE },
  chunkNumber: { why: 'says where the chunk belongs in the file', kept: FILE },
  fileHash: { why: 'shows that the whole file has arrived. It is the hash of the ciphertext', kept: FILE },
  transferred: { why: 'told to the user who offered the file', kept: NOT },
  answerToOffer: { why: 'decides who may download', kept: FILE },
  refused: {
    why: 'not needed: an offer with this field is refused, because it belongs inside the encryption',
    kept: NOT,
  },

  callParties: { why: 'the call reaches this user and nobody else', kept: CALL },
  callSession: { why: 'says which offer an answer belongs to', kept: CALL },
  callSignal: { why: 'for the other end. Ciphertext', kept: 'at most 6 seconds, in Redis' },
} as const satisfies Record<string, Fact>;

export type FactName = keyof typeof facts;
