/** Sizes, times and rates that both sides must know. Bytes are bytes, KiB are 1,024 bytes. */
const KIB = 1024;

/** Seed, Wire Protocol: magic 4, version 2, length 4, type 2. */
export const HEADER_BYTES = 12;

/** Payload caps by type (decision 0003): chat's largest padding class is 32 KiB, base64 and signature included. */
export const MAX_CHAT_BYTES = 64 * KIB;
/** Commits and Welcomes grow with the number of devices. */
export const MAX_GROUP_OPERATION_BYTES = 256 * KIB;
export const MAX_DEFAULT_BYTES = 16 * KIB;
/** A page of 100 members with ten devices each, what a commit is due for and who is banned, all with ids of the greatest length. */
export const MAX_GROUP_INFO_BYTES = 128 * KIB;
export const GROUP_INFO_ITEMS = 100;
/** The encrypted name of a group; a picture is a file, and only its key may stand beside the name. */
export const MAX_GROUP_NAME_BYTES = 4 * KIB;

/** Members of a group at the server. Encrypted groups are limited in devices by their clients. */
export const MAX_GROUP_MEMBERS = 1_000;
/** Devices that one operation may add, or remove. */
export const MAX_OPERATION_DEVICES = 1_000;
/** Users that one operation names, except the one that makes the group. */
export const MAX_OPERATION_TARGETS = 100;
/** Users that one group bans; all of them fit into the first page of a `group_info`. */
export const MAX_GROUP_BANS = 200;
/** Application messages in one epoch; the next needs a commit. The server refuses it, whatever clients count. */
export const MAX_EPOCH_MESSAGES = 1_000;
/** Devices named in one `COMMIT_REQUIRED`; further ones are named after the commit that removes these. */
export const MAX_COMMIT_REMOVALS = 100;
/** A chunk of a file's ciphertext, and the frame that carries it as base64 with some ids beside it. */
export const MAX_FILE_CHUNK_BYTES = 256 * KIB;
export const MAX_FILE_CHUNK_FRAME_BYTES = 352 * KIB;
/** Seed, Storage: 1 GB per user, decimal; no file can be larger than that unless a deployment allows users more. */
export const MAX_FILE_BYTES = 100_000_000_000;
/** Of the largest file in chunks of the greatest size, with room for smaller ones. */
export const MAX_FILE_CHUNKS = 1_000_000;
/** Files of one `file_status` page, and gaps that it tells of a file: with the longest ids they fit its cap. */
export const FILE_STATUS_FILES = 20;
export const FILE_STATUS_RANGES = 200;
/** Nothing before login needs more; a stranger cannot make the server hold more than this per socket. */
export const MAX_BYTES_BEFORE_LOGIN = 4 * KIB;
/** One page of a mailbox (`sync_page`): 200 items or 256 KiB of bodies, plus one whole body and framing. */
export const MAX_SYNC_PAGE_BYTES = 640 * KIB;
export const SYNC_PAGE_ITEMS = 200;
export const SYNC_PAGE_BYTES = 256 * KIB;

/** Both sides write what is ready at once: at most this much in one WebSocket message or TCP write. */
export const MAX_PACKED_FRAMES = 64;
export const MAX_PACKED_BYTES = 64 * KIB;

/** JSON structure: deeper or wider documents have no use here and cost more to check than to refuse. */
export const MAX_JSON_DEPTH = 16;
export const MAX_OBJECT_KEYS = 64;
export const MAX_METADATA_ENTRIES = 16;

/** Seed, Heartbeat: every 30 s. A peer is gone after two missed beats and half an interval for a slow link. */
export const HEARTBEAT_INTERVAL_MS = 30_000;
export const PEER_GONE_AFTER_MS = 2.5 * HEARTBEAT_INTERVAL_MS;

/** A challenge is good for one login and this long (decision 0002). */
export const CHALLENGE_VALID_MS = 30_000;

/** Accepted sender clocks: a little ahead, two days behind, because offline outboxes are legitimate. */
export const MAX_TIMESTAMP_AHEAD_SECONDS = 5 * 60;
export const MAX_TIMESTAMP_BEHIND_SECONDS = 48 * 3600;

/** Messages sent to a device and not yet acknowledged by it; more are kept on the server until it catches up. */
export const UNACKED_WINDOW = 256;

export const MAX_DEVICES_PER_USER = 10;

/** Users that one user may block; and those of one `block_list`, which with the longest ids just fit its cap. */
export const MAX_BLOCKED_USERS = 10_000;
export const BLOCK_LIST_ITEMS = 200;
/** More than twice what a key package with the longest ids needs. Divisible by 3: base64 of it has no padding. */
export const MAX_KEY_PACKAGE_BYTES = 1.5 * KIB;
/** One key package for each device of a user, as base64 and with what belongs to it. */
export const MAX_KEY_BUNDLE_BYTES = 32 * KIB;

/** One entry of the log of device lists: three hashes; and as many as one `key_log` tells. */
export const KEY_LOG_ENTRY_BYTES = 96;
export const KEY_LOG_ENTRIES = 256;
/** So many entries as base64, with a head. */
export const MAX_KEY_LOG_BYTES = 34 * KIB;
/** Two for each level of a log of 2^53 entries. */
export const MAX_KEY_LOG_NODES = 106;

/** Users whose status one connection is told, and the payload that tells of all of them with the longest ids. */
export const MAX_PRESENCE_SUBSCRIPTIONS = 200;
export const MAX_PRESENCE_STATES_BYTES = 32 * KIB;
/** Seed, Typing Indicator: it clears by itself after this. */
export const MAX_TYPING_SECONDS = 5;

/** Ciphertext of one piece of signalling: a session description is some 2 KB, a batch of candidates less. */
export const MAX_SIGNAL_BYTES = 8 * KIB;

/** A client waits this long for `ack` before it sends the same bytes again. */
export const ACK_TIMEOUT_MS = 5_000;
