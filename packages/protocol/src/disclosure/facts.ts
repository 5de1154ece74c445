/** Something that the server learns: why it needs it, and how long it is kept. */
export type Fact = { readonly why: string; readonly kept: string };

const NOT = 'not kept';
const CONNECTION = 'in memory of a gateway, as long as the connection';
const CONTENT = 'until all devices have it, it expires, or 30 days';
const MESSAGE = 'with the message: 4 days after it came, or until all devices have it; 30 at most';
const LOGGED = `${MESSAGE}. What it leads to stays with the conversation`;
const CONVERSATION = 'as long as the conversation';
const ACCOUNT = 'as long as the account';
const FILE = 'with the file: a week when it is not complete, 30 days when it is, or until it is taken back';
const CALL = 'a minute while nobody has answered, then an hour, in Redis';

/**
 * Every fact that a field of the wire or of the HTTP interfaces may reveal. A field that reveals another needs an
 * entry here.
 */
export const facts = {
  messageType: { why: 'who handles it', kept: MESSAGE },
  messageId: { why: 'a retry takes effect once', kept: MESSAGE },
  requestId: { why: 'the answer names its question', kept: NOT },
  claimId: { why: 'a repeated request takes no second key', kept: 'a day' },
  sender: { why: 'compared with the login; receivers check the signature with it', kept: MESSAGE },
  sendingDevice: { why: 'compared with the login; tells whose key signed', kept: MESSAGE },
  addressee: { why: 'compared with the conversation', kept: CONTENT },
  conversation: { why: 'who is to get it, and in which order', kept: MESSAGE },
  place: { why: 'nothing is lost, doubled or said with keys of the past', kept: MESSAGE },
  sentAt: { why: 'old messages are refused', kept: CONTENT },
  expiry: { why: 'the message is deleted then', kept: CONTENT },
  statedReply: { why: 'shown to the receiver. The SDK says it inside the encryption instead', kept: CONTENT },
  statedMetadata: { why: 'for clients, signed. The SDK sends none', kept: CONTENT },
  isEncrypted: { why: 'what is not encrypted is refused', kept: CONTENT },
  nonce: { why: 'no two messages are alike', kept: CONTENT },
  signature: { why: 'nobody speaks for somebody else', kept: CONTENT },
  ciphertext: { why: 'for the receivers. Its length tells one of the published size classes', kept: CONTENT },
  keyMaterial: {
    why: 'for the devices of the conversation. Opaque; its length tells roughly how many',
    kept: CONTENT,
  },
  encryptedName: { why: 'for the members', kept: CONTENT },

  members: { why: 'who gets what is said', kept: CONVERSATION },
  memberDevices: { why: 'who gets what is said, and who must be removed from the keys', kept: CONVERSATION },
  role: { why: 'who may change the group', kept: CONVERSATION },
  ban: { why: 'who may not be added', kept: CONVERSATION },
  conversationKind: { why: 'there is one conversation for two', kept: CONVERSATION },
  previousOperation: { why: 'operations form a chain that members check', kept: LOGGED },

  deviceCursor: { why: 'what a device has stored is deleted', kept: 'the newest, as long as the device' },
  readUpTo: {
    why: 'senders learn it, unless the user has switched that off',
    kept: `the newest, ${CONVERSATION}`,
  },
  blocked: { why: 'nothing passes between the two', kept: 'until it is taken back' },
  choice: { why: 'it is followed', kept: ACCOUNT },
  pageStart: { why: 'where the answer begins', kept: NOT },
  askedConversation: { why: 'only members are answered', kept: NOT },
  askedUser: { why: 'whose keys and devices are wanted', kept: NOT },
  claimedUser: { why: 'whose keys are wanted; nobody takes too many of them', kept: 'a day' },
  watchedUsers: {
    why: 'whose status is told to this connection',
    kept: `${CONNECTION}; which gateway asks 15 minutes in Redis`,
  },
  status: {
    why: 'told to those who may know',
    kept: '38 seconds after it was last said, in Redis; when it ended, as long as the account. Others are told the hour, unless the user hides it',
  },
  typing: { why: 'told to those who are there', kept: 'at most 6 seconds, in Redis' },
  pushTarget: {
    why: 'the device is woken there. Which push service it has, and the random address it gave',
    kept: 'until the device takes it back, is revoked, or the address is dead',
  },
  heartbeat: { why: 'a dead connection is noticed', kept: NOT },

  user: { why: 'whose account it is', kept: ACCOUNT },
  device: { why: 'which of the user’s devices it is', kept: ACCOUNT },
  publicKey: { why: 'signatures are checked with it', kept: ACCOUNT },
  deviceList: { why: 'others learn which devices are the user’s, signed by the account key', kept: ACCOUNT },
  keyPackage: {
    why: 'handed out once to who begins a conversation',
    kept: 'until it is handed out or over, 90 days at most; its number so long',
  },
  proof: { why: 'shows that the key is at hand', kept: NOT },
  challenge: { why: 'the server proves itself', kept: CONNECTION },
  clientVersion: { why: 'what both sides speak', kept: CONNECTION },
  ticket: { why: 'a login that need not ask auth', kept: NOT },
  admission: { why: 'who may open an account', kept: 'an invite as its SHA-256; a token not' },

  file: { why: 'which file it is about', kept: FILE },
  fileSize: { why: 'room is reserved. Of ciphertext, padded to a size class', kept: FILE },
  chunk: { why: 'for those who were admitted. Ciphertext', kept: FILE },
  chunkNumber: { why: 'where it belongs', kept: FILE },
  fileHash: { why: 'whether all has arrived. Of ciphertext', kept: FILE },
  transferred: { why: 'told to who offered it', kept: NOT },
  answerToOffer: { why: 'who may download', kept: FILE },
  refused: {
    why: 'none: an offer that has it is refused, because it belongs inside the encryption',
    kept: NOT,
  },

  callParties: { why: 'who is asked, and nobody else', kept: CALL },
  callSession: { why: 'which offer an answer belongs to', kept: CALL },
  callSignal: { why: 'for the other end. Ciphertext', kept: 'at most 6 seconds, in Redis' },
} as const satisfies Record<string, Fact>;

export type FactName = keyof typeof facts;
