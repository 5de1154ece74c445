/** Sizes, times and rates that both sides must know. KiB are 1,024 bytes. */
const KIB = 1024;

/** Seed, Wire Protocol: magic 4, version 2, length 4, type 2. */
export const HEADER_BYTES = 12;

/** Payload caps by type (decision 0003): chat's largest padding class is 32 KiB, base64 and signature included. */
export const MAX_CHAT_BYTES = 64 * KIB;
/** Commits and Welcomes grow with the number of devices. */
export const MAX_GROUP_OPERATION_BYTES = 256 * KIB;
export const MAX_DEFAULT_BYTES = 16 * KIB;
/** A page of 100 members with ten devices each, devices due for removal and bans, all with ids of maximum length. */
export const MAX_GROUP_INFO_BYTES = 128 * KIB;
export const GROUP_INFO_ITEMS = 100;
/** A group's encrypted name; a picture is a file, and only its key may be stored beside the name. */
export const MAX_GROUP_NAME_BYTES = 4 * KIB;

/** Members of a group on the server. Clients limit encrypted groups by devices. */
export const MAX_GROUP_MEMBERS = 1_000;
/** Devices that one operation may add, or remove. */
export const MAX_OPERATION_DEVICES = 1_000;
/** Users that one operation names, except a group's creation. */
export const MAX_OPERATION_TARGETS = 100;
/** Users that one group bans; all fit into the first page of a `group_info`. */
export const MAX_GROUP_BANS = 200;
/** Application messages per epoch; the next one needs a commit. Enforced by the server, whatever clients count. */
export const MAX_EPOCH_MESSAGES = 1_000;
/** Devices named in one `COMMIT_REQUIRED`; the rest follow after the commit that removes these. */
export const MAX_COMMIT_REMOVALS = 100;
/** A chunk of a file's ciphertext, and the frame that carries it as base64 with its ids. */
export const MAX_FILE_CHUNK_BYTES = 256 * KIB;
export const MAX_FILE_CHUNK_FRAME_BYTES = 352 * KIB;
/** Seed, Storage: 1 GB per user, decimal; a file can only be larger if a deployment allows users more. */
export const MAX_FILE_BYTES = 100_000_000_000;
/** For the largest file in chunks of maximum size, with room for smaller ones. */
export const MAX_FILE_CHUNKS = 1_000_000;
/** Files per `file_status` page, and gaps reported per file: with the longest ids they fit its cap. */
export const FILE_STATUS_FILES = 20;
export const FILE_STATUS_RANGES = 200;
/** Nothing before login needs more; bounds what a stranger can make the server hold per socket. */
export const MAX_BYTES_BEFORE_LOGIN = 4 * KIB;
/** One page of a mailbox (`sync_page`): 200 items or 256 KiB of bodies, plus one whole body and framing. */
export const MAX_SYNC_PAGE_BYTES = 640 * KIB;
export const SYNC_PAGE_ITEMS = 200;
export const SYNC_PAGE_BYTES = 256 * KIB;

/** Both sides write at once whatever is ready: at most this much in one WebSocket message or TCP write. */
export const MAX_PACKED_FRAMES = 64;
export const MAX_PACKED_BYTES = 64 * KIB;

/** JSON structure: deeper or wider documents have no use here and cost more to check than to refuse. */
export const MAX_JSON_DEPTH = 16;
export const MAX_OBJECT_KEYS = 64;
export const MAX_METADATA_ENTRIES = 16;

/** Seed, Heartbeat: every 30 s. A peer is gone after two missed beats plus half an interval for a slow link. */
export const HEARTBEAT_INTERVAL_MS = 30_000;
export const PEER_GONE_AFTER_MS = 2.5 * HEARTBEAT_INTERVAL_MS;

/** A challenge is valid for one login and this long (decision 0002). */
export const CHALLENGE_VALID_MS = 30_000;

/** Accepted sender clocks: slightly ahead, or two days behind, because offline outboxes are legitimate. */
export const MAX_TIMESTAMP_AHEAD_SECONDS = 5 * 60;
export const MAX_TIMESTAMP_BEHIND_SECONDS = 48 * 3600;

/** Messages in flight to a device; more are kept on the server until it acknowledges some. */
export const UNACKED_WINDOW = 256;

export const MAX_DEVICES_PER_USER = 10;

/** Users that one user may block; and those per `block_list`, which with the longest ids just fit its cap. */
export const MAX_BLOCKED_USERS = 10_000;
export const BLOCK_LIST_ITEMS = 200;
/** More than twice what a key package with the longest ids needs. Divisible by 3: its base64 has no padding. */
export const MAX_KEY_PACKAGE_BYTES = 1.5 * KIB;
/** One key package for each device of a user, as base64 with its other fields. */
export const MAX_KEY_BUNDLE_BYTES = 32 * KIB;

/** One entry of the log of device lists: three hashes; and the entries per `key_log`. */
export const KEY_LOG_ENTRY_BYTES = 96;
export const KEY_LOG_ENTRIES = 256;
/** That many entries as base64, with a head. */
export const MAX_KEY_LOG_BYTES = 34 * KIB;
/** Two for each level of a log of 2^53 entries. */
export const MAX_KEY_LOG_NODES = 106;

/** Users whose status one connection can watch, and the payload that reports all of them with the longest ids. */
export const MAX_PRESENCE_SUBSCRIPTIONS = 200;
export const MAX_PRESENCE_STATES_BYTES = 32 * KIB;
/** Seed, Typing Indicator: it expires after this. */
export const MAX_TYPING_SECONDS = 5;

/** Ciphertext of one signalling message: a session description is about 2 KB, a batch of candidates less. */
export const MAX_SIGNAL_BYTES = 8 * KIB;

/** How long a client waits for `ack` before it resends the same bytes. */
export const ACK_TIMEOUT_MS = 5_000;
