import type { Downstream } from '@securechat/protocol';
import { fromBytes, toBytes } from '../../storage/json.ts';
import { type MemoryDisk, openMemoryStore } from '../../storage/memory.ts';
import type { Change, Store } from '../../storage/store.ts';
import { Outbox } from '../outbox.ts';
import type { Commit, OutboxItem, OutboxSealer, SealedForm, SealOptions } from '../sealer.ts';
import { CONVERSATION, type Frame, type LogEntry } from './rough-server.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** The conversation's keys: each position of each epoch seals one message. */
type Keys = {
  epoch: number;
  position: number;
  logLength: number;
  pending?: { id: string; isCommit: boolean };
};

export type Deaths = {
  /** Called before and after each write. */
  shouldDie(): boolean;
  died(): void;
};

/** A device that seals with counted instead of real keys, and may die at each write. It remembers only what is in its store. */
export class MortalClient implements OutboxSealer {
  outbox!: Outbox;
  isDead = false;
  /** Sends to a connection. */
  send: (text: string) => boolean = () => false;
  readonly refusedIds: string[] = [];
  readonly troubles: unknown[] = [];
  #store!: Store;
  #keys: Keys = { epoch: 0, position: 0, logLength: 0 };
  #turn: Promise<unknown> = Promise.resolve();
  readonly #deaths: Deaths;

  private constructor(deaths: Deaths) {
    this.#deaths = deaths;
  }

  static async open(
    disk: MemoryDisk,
    { clock, random, deaths }: { clock: VirtualClock; random: () => number; deaths: Deaths },
  ): Promise<MortalClient> {
    const client = new MortalClient(deaths);
    const store = await openMemoryStore(disk);
    const write = async (changes: readonly Change[]): Promise<void> => {
      await client.#mayDie();
      await store.write(changes);
      await client.#mayDie();
    };
    client.#store = { ...bound(store), write };
    const keys = await store.get('keys');
    if (keys) client.#keys = fromBytes(keys);
    client.outbox = await Outbox.open({
      store: client.#store,
      sealer: client,
      clock,
      random,
      send: (frame) => !client.isDead && client.send(new TextDecoder().decode(frame)),
      trouble: (error) => client.troubles.push(error),
    });
    client.outbox.wake(CONVERSATION);
    return client;
  }

  async enqueue(id: string, kind: OutboxItem['kind'], first = false): Promise<void> {
    await this.#store.write(this.#enqueued(id, kind, first));
    this.outbox.wake(CONVERSATION);
  }

  seal(
    item: OutboxItem,
    { clientSeq, because }: SealOptions,
    commit: Commit<SealedForm | undefined>,
  ): Promise<'sealed' | 'wait' | 'drop'> {
    return this.#step<'sealed' | 'wait' | 'drop'>(async (keys) => {
      const isCommit = item.id.startsWith('commit');
      if (isCommit && keys.epoch > Number(item.id.split('-')[1])) {
        await commit([], undefined);
        return ['drop', keys];
      }
      if ((because?.epoch ?? 0) > keys.epoch) return ['wait', keys];
      if (because?.error_code === 'COMMIT_REQUIRED' && because.epoch === keys.epoch && !isCommit) {
        const id = `commit-${keys.epoch}`;
        if (!(await this.#store.get(`asked/${id}`))) {
          const asked: Change = { put: `asked/${id}`, value: new Uint8Array() };
          await this.#store.write([...this.#enqueued(id, 'operation', true), asked]);
          this.outbox.wake(CONVERSATION);
        }
        return ['wait', keys];
      }
      const { epoch, position } = keys;
      const frame: Frame = { id: item.id, kind: item.kind, clientSeq, epoch, position, isCommit };
      const pending = item.kind === 'operation' ? { pending: { id: item.id, isCommit } } : {};
      const next: Keys = { ...keys, position: position + 1, ...pending };
      await commit([keysChange(next)], { frame: toBytes(frame), generation: 0, epoch });
      return ['sealed', next];
    });
  }

  transmitted(): void {}

  stored(item: OutboxItem, _ack: Downstream<'ack'>, commit: Commit): Promise<void> {
    return this.#step(async (keys) => {
      const next = keys.pending?.id === item.id ? applied(keys) : keys;
      await commit([keysChange(next)]);
      return [undefined, next];
    });
  }

  refused(item: OutboxItem, _error: Downstream<'error'>, commit: Commit): Promise<void> {
    return this.#step(async (keys) => {
      await commit([{ put: `refused/${item.id}`, value: new Uint8Array() }]);
      return [undefined, keys];
    });
  }

  /** The conversation's operations from the mailbox; own ones are not included, but show in what follows them. */
  readLog(log: readonly LogEntry[]): Promise<void> {
    return this.#step(async (keys) => {
      let now = keys;
      for (const entry of log.slice(keys.logLength)) {
        const isOwn = entry.id === now.pending?.id;
        if (isOwn && entry === log.at(-1)) break;
        const next = isOwn ? applied(now) : moved(now, entry);
        if (isOwn) await this.outbox.settle(entry.id, CONVERSATION, [keysChange(next)]);
        else await this.#store.write([keysChange(next)]);
        now = next;
      }
      this.outbox.wake(CONVERSATION);
      return [undefined, now];
    });
  }

  /** One at a time; a failure changes nothing. */
  #step<T>(action: (keys: Keys) => Promise<[T, Keys]>): Promise<T> {
    const run = async (): Promise<T> => {
      const [result, keys] = await action(this.#keys);
      this.#keys = keys;
      return result;
    };
    const turn = this.#turn.then(run, run);
    this.#turn = turn;
    return turn;
  }

  #enqueued(id: string, kind: OutboxItem['kind'], first: boolean): Change[] {
    return [...this.outbox.enqueue({ id, conversationId: CONVERSATION, kind }, { first })];
  }

  /** A dead process does nothing more, and its promises never settle. */
  async #mayDie(): Promise<void> {
    if (!this.isDead && this.#deaths.shouldDie()) {
      this.isDead = true;
      this.#deaths.died();
    }
    if (this.isDead) await new Promise(() => undefined);
  }
}

const keysChange = (keys: Keys): Change => ({ put: 'keys', value: toBytes(keys) });

function applied({ epoch, position, logLength, pending }: Keys): Keys {
  const place = pending?.isCommit ? { epoch: epoch + 1, position: 0 } : { epoch, position };
  return { ...place, logLength: logLength + 1 };
}

/** Somebody else's operation: our pending one, if any, has lost. */
function moved({ position, epoch, logLength }: Keys, entry: LogEntry): Keys {
  const isSameEpoch = entry.epochAfter === epoch;
  return { epoch: entry.epochAfter, position: isSameEpoch ? position : 0, logLength: logLength + 1 };
}

function bound(store: Store): Store {
  return {
    get: (key) => store.get(key),
    list: (prefix, options) => store.list(prefix, options),
    write: (changes) => store.write(changes),
    close: () => store.close(),
    wipe: () => store.wipe(),
  };
}
