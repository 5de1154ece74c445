import { sign } from '@securechat/crypto/e2ee';
import type { Downstream } from '@securechat/protocol';
import {
  type Account,
  accountChange,
  keepsakeChange,
  loadAccount,
  loadKeepsake,
} from '../account/account.ts';
import type { ClientOptions } from '../api/index.ts';
import type { Connection } from '../connection/connection.ts';
import { createConnection } from '../connection/create-connection.ts';
import type { Core, Teller } from '../conversations/core.ts';
import { Mailbox } from '../conversations/incoming/mailbox.ts';
import { KeyPackageStock } from '../conversations/keys/top-up.ts';
import { Outcomes } from '../conversations/outgoing/outcomes.ts';
import { Sealer } from '../conversations/outgoing/sealer.ts';
import type { ConversationRecord } from '../conversations/record.ts';
import { NotConnected, SecureChatError, ServerRefused } from '../errors.ts';
import { Emitter, type Listener } from '../events.ts';
import { Pins } from '../identity/pins.ts';
import { Inbox } from '../inbox/inbox.ts';
import { Outbox } from '../outbox/outbox.ts';
import type { OutboxItem } from '../outbox/sealer.ts';
import { openCore } from './open-core.ts';

export type RuntimeEvents = {
  changed: { record: ConversationRecord; before: ConversationRecord | undefined };
  /** Written to a connection; not answered yet. */
  sent: OutboxItem;
  /** Connected, and the mailbox is read. */
  caughtUp: undefined;
  /** The number of items in the outbox changed. */
  waiting: number;
  /** Something essential failed, such as the store. */
  failed: Error;
};

/**
 * The running parts of a client: connection, outbox, inbox and conversations over one store. `open` assembles it without starting
 * anything, `start` runs it, and it has ended when `stop` resolves.
 */
export class Runtime {
  readonly core: Core;
  readonly pins: Pins;
  readonly connection: Connection;
  readonly outcomes: Outcomes;
  readonly stock: KeyPackageStock;
  readonly stopping = new AbortController();
  account: Account;
  readonly #events = new Emitter<RuntimeEvents>();
  readonly #mailbox: Mailbox;
  readonly #background = new Set<Promise<void>>();
  #outbox!: Outbox;
  #inbox!: Inbox;

  private constructor(parts: { account: Account; core: Core; pins: Pins; connection: Connection }) {
    this.account = parts.account;
    this.core = parts.core;
    this.pins = parts.pins;
    this.connection = parts.connection;
    this.stock = new KeyPackageStock(parts.core);
    this.outcomes = new Outcomes((item) => this.#events.emit('sent', item));
    this.#mailbox = new Mailbox(parts.core, {
      onCaughtUp: () => this.#caughtUp(),
      background: (work) => this.background(work),
    });
  }

  static async open(options: ClientOptions, tell: Teller): Promise<Runtime> {
    const { store } = options;
    const account = await loadAccount(store);
    const connection = await openConnection(account, options);
    const pins = await Pins.open({ store, connection });
    const { own } = account;
    const core = await openCore(options, {
      ...{ own, connection, pins, tell },
      changed: (record, before) => runtime.#events.emit('changed', { record, before }),
    });
    const runtime = new Runtime({ account, core, pins, connection });
    await runtime.#openOutbox();
    await runtime.#openInbox();
    runtime.#listen();
    return runtime;
  }

  async #openOutbox(): Promise<void> {
    const { core, connection, outcomes } = this;
    this.#outbox = await Outbox.open({
      ...{ store: core.store, sealer: new Sealer(core, outcomes) },
      send: (frame) => connection.send(frame, true),
      changed: (waiting) => this.#events.emit('waiting', waiting),
      trouble: (error) => this.background(Promise.reject(error)),
    });
    core.outbox = this.#outbox;
  }

  async #openInbox(): Promise<void> {
    const { core, connection } = this;
    this.#inbox = await Inbox.open({
      ...{ store: core.store, consumer: this.#mailbox },
      send: (frame) => connection.send(frame),
      restored: () => this.#outbox.serverRestored(),
      trouble: (error) => this.background(Promise.reject(error)),
    });
  }

  #listen(): void {
    const { connection, core } = this;
    connection.on('session', ({ keepsake }) => this.background(core.store.write([keepsakeChange(keepsake)])));
    connection.on('message', (message) => this.#take(message));
    connection.on('state', (state) => {
      if (state === 'connected') return this.#inbox.connected();
      this.#outbox.disconnected();
      this.#inbox.disconnected();
    });
  }

  #take(message: Downstream): void {
    if (this.#outbox.receive(message) || this.#inbox.receive(message)) return;
    if (message.type === 'key_count' && this.stock.isLow(message)) this.background(this.refill());
  }

  #caughtUp(): void {
    // anything sealed before the mailbox is read is likely to use outdated keys
    this.#outbox.connected(this.connection.session?.limits);
    this.#events.emit('caughtUp', undefined);
  }

  on<K extends keyof RuntimeEvents>(name: K, listener: Listener<RuntimeEvents[K]>): () => void {
    return this.#events.on(name, listener);
  }

  refill(): Promise<void> {
    return this.stock.refill(this.stopping.signal);
  }

  /** Work nobody awaits. Passing errors are retried by whoever started it; all others end the client. */
  background(work: Promise<unknown>): void {
    const ended = work.then(
      () => undefined,
      (error: unknown) => {
        if (!mayPass(error) && !this.stopping.signal.aborted) this.#events.emit('failed', error as Error);
      },
    );
    this.#background.add(ended);
    void ended.then(() => this.#background.delete(ended));
  }

  async keepAccount(account: Account): Promise<void> {
    await this.core.store.write([accountChange(account)]);
    this.account = account;
  }

  get waiting(): number {
    return this.#outbox.waiting();
  }

  start(): void {
    this.stopping.signal.throwIfAborted();
    this.connection.start();
  }

  /** Rejects everything that callers wait for. Local data can still be read, and written for a later run. */
  end(reason: Error): void {
    this.stopping.abort(reason);
    this.outcomes.abandon(reason);
    void this.connection.stop();
  }

  /** Resolves when nothing of this client is running any more. */
  async stop(reason: Error): Promise<void> {
    this.stopping.abort(reason);
    this.#mailbox.close();
    this.#inbox.close();
    this.#outbox.close();
    await this.connection.stop();
    await this.core.registry.settled();
    this.outcomes.abandon(reason);
    await Promise.all(this.#background);
    await this.core.store.close();
  }
}

/** A device without permission learns why when its connection is closed. */
function mayPass(error: unknown): boolean {
  if (error instanceof ServerRefused && error.error === 'PERMISSION_DENIED') return true;
  return error instanceof SecureChatError && (error.isRetryable || error instanceof NotConnected);
}

async function openConnection(account: Account, { store, transport }: ClientOptions): Promise<Connection> {
  const { own, server } = account;
  return createConnection({
    urls: [server.socket],
    device: { ...own, sign: (transcript) => sign(own.secretKey, transcript) },
    keepsake: await loadKeepsake(store),
    ...(transport ? { transport } : {}),
  });
}
