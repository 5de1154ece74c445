import type {
  AbortOptions,
  Client as Api,
  ClientEvents,
  ClientOptions,
  ConnectionState,
  Conversation,
  Identity,
  OwnDevice,
  Presence,
  Profile,
  Stats,
  WaitOptions,
} from './api/index.ts';
import { abortable } from './clock.ts';
import { Changes } from './conversations/view/change.ts';
import { OwnMarks } from './conversations/view/own-marks.ts';
import { Reading } from './conversations/view/read.ts';
import { NotConnected } from './errors.ts';
import { Emitter } from './events.ts';
import { Conversations } from './runtime/conversations.ts';
import { Devices } from './runtime/devices.ts';
import { Housekeeping } from './runtime/housekeeping.ts';
import type { Identities } from './runtime/identities.ts';
import { offerInsides } from './runtime/insides.ts';
import { Profiles } from './runtime/profiles.ts';
import { Runtime } from './runtime/runtime.ts';
import { EventTeller } from './runtime/teller.ts';

/** One device of one account, as apps hold it. Only delegates. */
export class Client implements Api {
  readonly me: { readonly userId: string; readonly deviceId: string };
  readonly #runtime: Runtime;
  readonly #events: Emitter<ClientEvents>;
  readonly #teller: EventTeller;
  readonly #conversations: Conversations;
  readonly #devices: Devices;
  readonly #housekeeping: Housekeeping;
  readonly #profiles: Profiles;
  #presence: Promise<Presence> | undefined;

  /** Opens what `signUp`, `link` or `recover` left in this store. */
  static async open(options: ClientOptions): Promise<Client> {
    const events = new Emitter<ClientEvents>();
    const teller = new EventTeller(events);
    const runtime = await Runtime.open(options, teller);
    const { core, outcomes } = runtime;
    const ownMarks = new OwnMarks(core);
    const reading = new Reading(core, outcomes, ownMarks);
    const changes = new Changes(core, outcomes);
    const views = { core, changes, reading, ownMarks };
    const conversations = await Conversations.load(runtime, views, events);
    const devices = new Devices(runtime, conversations);
    const housekeeping = new Housekeeping(runtime, conversations, devices, { reading, ownMarks });
    const profiles = await Profiles.load(core, events);
    return new Client({ runtime, events, teller, conversations, devices, housekeeping, profiles });
  }

  private constructor(parts: {
    runtime: Runtime;
    events: Emitter<ClientEvents>;
    teller: EventTeller;
    conversations: Conversations;
    devices: Devices;
    housekeeping: Housekeeping;
    profiles: Profiles;
  }) {
    const { userId, deviceId } = parts.runtime.core.own;
    this.me = { userId, deviceId };
    this.#runtime = parts.runtime;
    this.#events = parts.events;
    this.#teller = parts.teller;
    this.#conversations = parts.conversations;
    this.#devices = parts.devices;
    this.#housekeeping = parts.housekeeping;
    this.#profiles = parts.profiles;
    offerInsides(this, parts.runtime);
    this.#listen();
  }

  /** Connects the parts to each other and forwards what apps may see. */
  #listen(): void {
    const { connection, pins } = this.#runtime;
    this.#teller.begin({
      conversation: (id) => this.#conversations.get(id),
      refresh: (view) => this.#conversations.refresh(view),
      own: () => this.#devices.told(),
      lettingIn: (outsider) => this.#housekeeping.lettingIn(outsider),
    });
    // registered first, so that pending calls are already rejected when the app hears of it
    this.#events.on('ended', (error) => {
      this.#housekeeping.stop();
      this.#runtime.end(new NotConnected('the client has ended', { cause: error }));
    });
    this.#runtime.on('sent', ({ conversationId, id }) => this.#teller.message(conversationId, id, false));
    this.#runtime.on('waiting', (waiting) => this.#events.emit('outbox', { waiting }));
    this.#runtime.on('failed', (error) => this.#events.emit('ended', error));
    connection.on('state', (state) => this.#events.emit('state', state));
    connection.on('failure', (failure) => this.#events.emit('failure', failure));
    connection.on('ended', (error) => this.#events.emit('ended', error));
    pins.on('devices', ({ userId }) => userId === this.me.userId && this.#teller.devices());
    pins.on('keyChange', ({ userId }) =>
      this.#teller.alarm({
        ...{ type: 'key-change', userId },
        detail: 'the account key has changed',
      }),
    );
  }

  get server(): { http: string; socket: string } {
    const { http, socket } = this.#runtime.account.server;
    return { http, socket };
  }
  get state(): ConnectionState {
    return this.#runtime.connection.state;
  }
  get stats(): Stats {
    return this.#teller.stats;
  }
  get waiting(): number {
    return this.#runtime.waiting;
  }
  get sharesReading(): boolean | undefined {
    return this.#housekeeping.sharesReading;
  }

  on<E extends keyof ClientEvents>(event: E, listener: (value: ClientEvents[E]) => void): () => void {
    return this.#events.on(event, listener);
  }

  connect(): void {
    this.#runtime.start();
    this.#housekeeping.start();
  }

  reachable(options: AbortOptions = {}): Promise<void> {
    return abortable(this.#runtime.refill(), options.signal);
  }

  nudge(): void {
    this.#runtime.connection.nudge();
  }

  async close(): Promise<void> {
    this.#housekeeping.stop();
    await this.#runtime.stop(new NotConnected('the client was closed'));
  }

  conversations(): Conversation[] {
    return this.#conversations.all();
  }
  conversation(id: string): Conversation | undefined {
    return this.#conversations.get(id);
  }
  direct(userId: string, wait?: WaitOptions): Promise<Conversation> {
    return this.#conversations.direct(userId, wait);
  }
  createGroup(
    options: { name?: string; members: readonly string[] },
    wait?: WaitOptions,
  ): Promise<Conversation> {
    return this.#conversations.createGroup(options, wait);
  }

  async identity(userId: string, options: AbortOptions = {}): Promise<Identity> {
    return abortable((await this.#identities()).of(userId), options.signal);
  }
  markVerified(userId: string): Promise<void> {
    return this.#runtime.pins.markVerified(userId);
  }
  async verifyScanned(userId: string, qr: string): Promise<void> {
    await (await this.#identities()).verifyScanned(userId, qr);
  }
  async acceptKeyChange(userId: string): Promise<void> {
    await this.#runtime.pins.acceptKeyChange(userId);
    for (const { id } of this.#runtime.core.registry.all()) this.#runtime.core.outbox.wake(id);
  }

  /** Loaded on first use. */
  async #identities(): Promise<Identities> {
    const { Identities } = await import('./runtime/identities.ts');
    return new Identities(this.#runtime);
  }

  setProfile(profile: Profile): Promise<void> {
    return this.#profiles.set(profile);
  }
  profile(userId: string): Profile {
    return this.#profiles.of(userId);
  }

  presence(): Promise<Presence> {
    this.#presence ??= import('./presence/presence.ts').then(({ presenceOf }) => presenceOf(this));
    return this.#presence;
  }

  async devices(options?: AbortOptions): Promise<readonly OwnDevice[]> {
    return (await this.identity(this.me.userId, options)).devices;
  }
  async nameDevice(deviceId: string, name: string): Promise<void> {
    await (await import('./runtime/device-names.ts')).nameDevice(this.#runtime, deviceId, name);
  }
  async revoke(deviceId: string, options: AbortOptions = {}): Promise<void> {
    const { takeOut } = await linking();
    const revoking = takeOut(this.#runtime, deviceId).then(() => this.#housekeeping.settleDevices());
    await abortable(revoking, options.signal);
  }
  async linkCode(): Promise<string> {
    return (await linking()).linkCode(this.#runtime);
  }
  async approveLink(code: string, options: AbortOptions = {}): Promise<void> {
    const { letIn } = await linking();
    const approving = letIn(this.#runtime, code).then(() => void this.#housekeeping.settleDevices());
    await abortable(approving, options.signal);
  }
  async recoveryCode(): Promise<string> {
    return (await import('./account/own-recovery-code.ts')).ownRecoveryCode(this.#runtime.account);
  }

  async exportHistory(passphrase: string): Promise<Uint8Array> {
    return (await history()).exportFile(this.#runtime.core, passphrase);
  }
  async importHistory(file: Uint8Array, passphrase: string): Promise<number> {
    return (await history()).importFile(this.#runtime.core, file, passphrase);
  }
}

/** Loaded on first use: devices rarely change, and most people never export. */
const linking = () => import('./account/linking.ts');
const history = () => import('./history/index.ts');
