import { certificateTranscript } from '@securechat/crypto/challenge';
import { createSigningKey, keyId, type SigningKey } from '@securechat/crypto/sign';
import { issueTicket } from '@securechat/crypto/ticket';
import { createOutStreams, createRevocationSet, type RevocationSet } from '@securechat/directory';
import { isRedisDown } from '@securechat/kernel';
import { type SignedDeviceList, SYNC_PAGE_BYTES } from '@securechat/protocol';
import {
  type AckRecord,
  type Answer,
  type Ask,
  type IngressRecord,
  type OutRecord,
  type Packed,
  packEntry,
  type StreamNames,
  type SyncPageHead,
  streamNames,
  unpackEntry,
} from '@securechat/protocol/internal';
import { Redis } from 'ioredis';

const REVOCATIONS_EVERY_MS = 500;

export type StoredMessage = { type: 'chat' | 'group_create'; body: Uint8Array };

/**
 * Plays auth and delivery at the far end of the streams. Answers as they would, unless a test replaces a handler; a
 * handler that returns undefined gives no answer.
 */
export class FarServices {
  /** What clients pin. */
  readonly serviceKey: SigningKey = createSigningKey();
  readonly streams: StreamNames;
  readonly messages: (Packed<IngressRecord> & { stream: string })[] = [];
  readonly acks: (AckRecord & { stream: string })[] = [];
  readonly asked: (Ask<'auth'> | Ask<'delivery'>)[] = [];
  /** By device number: sequence 1, 2, 3 …; an undefined one has expired. */
  readonly mailboxes = new Map<number, (StoredMessage | undefined)[]>();
  readonly lists = new Map<string, SignedDeviceList>();
  mailboxEpoch = 1;
  readonly #accounts = new Map<string, { user: number; device: number }>();
  readonly #users = new Map<string, number>();
  readonly #redis: Redis;
  readonly #reader: Redis;
  readonly #cursors = new Map<string, string>();
  readonly #revocations: RevocationSet;
  readonly #revoked = new Set<number>();
  #publishing: NodeJS.Timeout | undefined;
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(redisUrl: string, prefix: string, partitions = 4) {
    this.streams = streamNames({ prefix, partitions });
    this.#redis = new Redis(redisUrl, { lazyConnect: true, protocol: 2 });
    this.#reader = new Redis(redisUrl, { lazyConnect: true, protocol: 2 });
    for (const redis of [this.#redis, this.#reader]) redis.on('error', () => undefined);
    this.#revocations = createRevocationSet(this.#redis, { prefix });
    const { auth, sync, ordered, acks } = this.streams;
    for (const stream of [...auth, ...sync, ...ordered, ...acks]) this.#cursors.set(stream, '0-0');
  }

  onAuth: (ask: Ask<'auth'>) => object | undefined = (ask) => this.answerAuth(ask);
  onPage: (ask: Extract<Ask<'delivery'>, { kind: 'page' }>) => Packed<object>[] | undefined = (ask) =>
    this.page(ask);
  onInfo: (
    ask: Extract<Ask<'delivery'>, { kind: 'group_info' }>,
  ) => Answer<'delivery', 'group_info'>['info'] = () => null;
  onBlocks: (
    ask: Extract<Ask<'delivery'>, { kind: 'block' | 'unblock' | 'block_list' }>,
  ) => object | undefined = () => ({ is_blocked: true });
  onMessage: (head: IngressRecord, body: Uint8Array) => OutRecord | undefined = (head) => storedFor(head);

  async start(): Promise<void> {
    await Promise.all([this.#redis.connect(), this.#reader.connect()]);
    for (const stream of [...this.streams.auth, ...this.streams.sync])
      await this.#redis.xgroup('CREATE', stream, 'far', '0', 'MKSTREAM');
    this.#running = this.#loop();
    await this.publishRevocations();
    this.startPublishing();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.stopPublishing();
    this.#reader.disconnect();
    this.#redis.disconnect();
    await this.#running;
  }

  /** Registers this device. The same names always get the same numbers. */
  enrol(userId: string, device: { id: string; publicKey: string }): { user: number; device: number } {
    const key = accountKey({ user_id: userId, device_id: device.id, public_key: device.publicKey });
    let account = this.#accounts.get(key);
    if (!account) {
      const user = this.#users.get(userId) ?? this.#users.size + 1;
      this.#users.set(userId, user);
      account = { user, device: 100 + this.#accounts.size };
      this.#accounts.set(key, account);
    }
    return account;
  }

  /** A resume ticket as auth would issue it. */
  ticketFor(
    userId: string,
    device: { id: string; publicKey: string },
    changes: { issued_at?: number; expires_at?: number; key?: SigningKey; user_ref?: number } = {},
  ): string {
    const numbers = this.enrol(userId, device);
    const nowSeconds = Math.floor(Date.now() / 1000);
    const { key = this.serviceKey, ...facts } = changes;
    return issueTicket(key, {
      user_id: userId,
      device_id: device.id,
      public_key: device.publicKey,
      user_ref: numbers.user,
      device_ref: numbers.device,
      issued_at: nowSeconds,
      expires_at: nowSeconds + 3600,
      ...facts,
    });
  }

  send(gateway: string, ...records: (OutRecord | Packed<OutRecord>)[]): Promise<boolean> {
    const packed = records.map((record) =>
      'head' in record ? record : { head: record, body: new Uint8Array(0) },
    );
    return createOutStreams(this.#redis, this.streams).send(gateway, packed);
  }

  /** From now on auth knows this device as revoked, and tells the gateways in its own time. */
  revoke(device: number): void {
    this.#revoked.add(device);
  }

  startPublishing(): void {
    this.#publishing = setInterval(() => void this.publishRevocations(), REVOCATIONS_EVERY_MS);
  }

  stopPublishing(): void {
    clearInterval(this.#publishing);
  }

  /** As auth does every second, so that a Redis that came back empty gets all of it. */
  async publishRevocations(): Promise<void> {
    const changes = [...this.#revoked].map((device) => ({ device, isServed: false }));
    await this.#revocations.publish(changes, true).catch((error: unknown) => {
      if (!isRedisDown(error)) throw error;
    });
  }

  /** Puts a message into a device's mailbox and returns its sequence. */
  store(device: number, message: StoredMessage | undefined): number {
    const mailbox = this.mailboxes.get(device) ?? [];
    this.mailboxes.set(device, mailbox);
    return mailbox.push(message);
  }

  answerAuth(ask: Ask<'auth'>): object {
    const nowSeconds = Math.floor(Date.now() / 1000);
    if (ask.kind === 'certify') {
      const id = keyId(this.serviceKey.publicKey);
      const facts = {
        server_id: ask.server_id,
        public_key: ask.public_key,
        not_before: nowSeconds - 60,
        not_after: nowSeconds + 3600,
        service_key_id: id,
      };
      const signature = this.serviceKey.sign(certificateTranscript(facts)).toString('base64');
      return {
        certificate: { ...facts, signature },
        service_keys: [{ id, public_key: this.serviceKey.publicKey.toString('base64') }],
      };
    }
    if (ask.kind === 'device_list') return { list: this.lists.get(ask.user_id) ?? null };
    if (ask.kind === 'key_count') return { count: 0, last_resort: false, low_water: 10 };
    if (ask.kind !== 'login') return { ok: false, error: 'SERVER_UNAVAILABLE', detail: {} };
    const account = this.#accounts.get(accountKey(ask));
    if (!account || this.#revoked.has(account.device)) return { ok: false };
    const ticket = this.ticketFor(ask.user_id, { id: ask.device_id, publicKey: ask.public_key });
    return { ok: true, ...account, ticket, expires_at: nowSeconds + 3600 };
  }

  page(ask: Extract<Ask<'delivery'>, { kind: 'page' }>): Packed<object>[] {
    const mailbox = this.mailboxes.get(ask.device) ?? [];
    const items: SyncPageHead['items'] = [];
    const bodies: Uint8Array[] = [];
    let through = Math.min(ask.from, mailbox.length);
    let bytes = 0;
    while (through < mailbox.length && items.length < ask.limit && bytes < SYNC_PAGE_BYTES) {
      const message = mailbox[through++];
      if (!message) continue;
      items.push({ type: message.type, seq: through, conv_seq: through, at: Date.now() });
      bodies.push(message.body);
      bytes += message.body.length;
    }
    const head: SyncPageHead = {
      through,
      more: through < mailbox.length,
      mailbox_epoch: this.mailboxEpoch,
      items,
    };
    const first = { head: {}, body: Buffer.from(JSON.stringify(head)) };
    return [first, ...bodies.map((body) => ({ head: {}, body }))];
  }

  async #loop(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#step();
      } catch (error) {
        if (!isRedisDown(error)) throw error;
        // Redis is down and will be back, or we are stopping.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async #step(): Promise<void> {
    const streams = [...this.#cursors];
    const reply = (await this.#reader.callBuffer('XREAD', [
      ...['COUNT', 100, 'BLOCK', 500, 'STREAMS'],
      ...streams.map(([stream]) => stream),
      ...streams.map(([, cursor]) => cursor),
    ])) as [Buffer, [Buffer, Buffer[]][]][] | null;
    for (const [name, entries] of reply ?? []) {
      for (const [id, fields] of entries) {
        const stream = name.toString();
        this.#cursors.set(stream, id.toString());
        await this.#take(stream, fields);
      }
    }
  }

  async #take(stream: string, fields: Buffer[]): Promise<void> {
    if (this.streams.ordered.includes(stream)) return await this.#takeMessages(stream, fields[1]);
    if (this.streams.acks.includes(stream)) {
      for (const { head } of unpackEntry<AckRecord>(fields[1] ?? Buffer.alloc(0)))
        this.acks.push({ ...head, stream });
      return;
    }
    const field = (name: string) =>
      fields[fields.findIndex((key, at) => at % 2 === 0 && key.toString() === name) + 1] ?? Buffer.alloc(0);
    const gateway = field('g').toString();
    const ask = JSON.parse(field('b').toString()) as Ask<'auth'> | Ask<'delivery'>;
    this.asked.push(ask);
    const body = this.#answer(ask);
    if (!body) return;
    await this.send(gateway, { head: { kind: 'reply', correlation: field('c').toString() }, body });
  }

  #answer(ask: Ask<'auth'> | Ask<'delivery'>): Uint8Array | undefined {
    if (ask.kind === 'page') {
      const answer = this.onPage(ask);
      return answer && packEntry(answer);
    }
    if (ask.kind === 'heads') {
      const heads = ask.devices.map((device) => [device, this.mailboxes.get(device)?.length ?? 0]);
      return packEntry([{ head: {}, body: Buffer.from(JSON.stringify({ heads })) }]);
    }
    if (ask.kind === 'block' || ask.kind === 'unblock' || ask.kind === 'block_list') {
      const answer = this.onBlocks(ask);
      return answer && packEntry([{ head: {}, body: Buffer.from(JSON.stringify(answer)) }]);
    }
    if (ask.kind === 'receipt_privacy') {
      return packEntry([{ head: {}, body: Buffer.from(JSON.stringify({ share: ask.share ?? true })) }]);
    }
    if (ask.kind === 'group_info') {
      return packEntry([{ head: {}, body: Buffer.from(JSON.stringify({ info: this.onInfo(ask) })) }]);
    }
    const answer = this.onAuth(ask);
    return answer && Buffer.from(JSON.stringify(answer));
  }

  async #takeMessages(stream: string, entry: Buffer | undefined): Promise<void> {
    for (const { head, body } of unpackEntry<IngressRecord>(entry ?? Buffer.alloc(0))) {
      this.messages.push({ head, body: Uint8Array.from(body), stream });
      const answer = this.onMessage(head, body);
      if (answer) await this.send(head.gateway, answer);
    }
  }
}

export function storedFor(head: IngressRecord): OutRecord {
  return {
    kind: 'stored',
    connection: head.connection,
    ref: head.id,
    conversation: head.conversation,
    conv_seq: 1,
    at: Date.now(),
    received_at: head.at,
    dup: false,
  };
}

function accountKey(facts: { user_id: string; device_id: string; public_key: string }): string {
  return `${facts.user_id}:${facts.device_id}:${facts.public_key}`;
}
