import type { Connection } from './connection.ts';
import { type ConnectionState, connectionStates } from './states.ts';

/** The connections of this process: all by number, and logged-in ones by device. */
export class Hub {
  readonly #byNumber = new Map<number, Connection>();
  readonly #byDevice = new Map<number, Connection>();
  #lastNumber = 0;

  nextNumber(): number {
    return ++this.#lastNumber;
  }

  add(connection: Connection): void {
    this.#byNumber.set(connection.number, connection);
  }

  /** Makes this the device's connection. Returns the one it replaces here. */
  addDevice(device: number, connection: Connection): Connection | undefined {
    const replaced = this.#byDevice.get(device);
    this.#byDevice.set(device, connection);
    return replaced === connection ? undefined : replaced;
  }

  remove(connection: Connection): void {
    this.#byNumber.delete(connection.number);
    const device = connection.session?.device;
    if (device !== undefined && this.#byDevice.get(device) === connection) this.#byDevice.delete(device);
  }

  get(number: number): Connection | undefined {
    return this.#byNumber.get(number);
  }

  ofDevice(device: number): Connection | undefined {
    return this.#byDevice.get(device);
  }

  all(): Iterable<Connection> {
    return this.#byNumber.values();
  }

  sessions(): Iterable<Connection> {
    return this.#byDevice.values();
  }

  countStates(): Record<ConnectionState, number> {
    const counts = Object.fromEntries(connectionStates.map((state) => [state, 0])) as Record<
      ConnectionState,
      number
    >;
    for (const connection of this.all()) counts[connection.state]++;
    return counts;
  }

  get size(): number {
    return this.#byNumber.size;
  }
}
