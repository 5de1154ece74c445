import {
  type Change,
  type Store,
  StoreClosed,
  type Transport,
  type TransportConnection,
} from '@securechat/client';
import { type MemoryDisk, openMemoryStore } from '@securechat/client/memory';
import { webSocketTransport } from '@securechat/client/testing';

/**
 * A process that can be killed at any moment: its disk is then what was written by that moment, its sockets are gone, and nothing that it
 * still does has an effect.
 */
export type Mortal = {
  readonly store: Store;
  readonly transport: Transport;
  readonly isDead: boolean;
  /** Dies with its so-manieth write from now on, which still reaches the disk. Resolves with what is left then. */
  die(writes: number): Promise<MemoryDisk>;
  /** The same, before the first write with a change that is meant. */
  dieBefore(isMeant: (change: Change) => boolean): Promise<MemoryDisk>;
};

export async function mortal(disk: MemoryDisk): Promise<Mortal> {
  const store = await openMemoryStore(disk);
  const cut = new AbortController();
  const { promise: left, resolve } = Promise.withResolvers<MemoryDisk>();
  let writesLeft = Number.POSITIVE_INFINITY;
  let isLast: (change: Change) => boolean = () => false;

  const end = (): void => {
    if (cut.signal.aborted) return;
    resolve(disk.copy());
    cut.abort(new StoreClosed());
  };
  const living = async <T>(work: () => Promise<T>): Promise<T> => {
    cut.signal.throwIfAborted();
    const result = await work();
    cut.signal.throwIfAborted();
    return result;
  };

  return {
    store: {
      get: (key) => living(() => store.get(key)),
      list: (prefix, options) => living(() => store.list(prefix, options)),
      write: (changes) =>
        living(async () => {
          if (changes.some(isLast)) return end();
          await store.write(changes);
          if (--writesLeft <= 0) end();
        }),
      close: () => store.close(),
      wipe: () => living(() => store.wipe()),
    },
    transport: cuttable(cut.signal),
    get isDead() {
      return cut.signal.aborted;
    },
    die(writes) {
      writesLeft = writes;
      if (writes === 0) end();
      return left;
    },
    dieBefore(isMeant) {
      isLast = isMeant;
      return left;
    },
  };
}

function cuttable(cut: AbortSignal): Transport {
  return {
    async connect(url, events, { signal }) {
      const connection: TransportConnection = await webSocketTransport.connect(url, events, {
        signal: AbortSignal.any([signal, cut]),
      });
      cut.addEventListener('abort', () => connection.destroy());
      return { ...connection, send: (bytes) => cut.aborted || connection.send(bytes) };
    },
  };
}
