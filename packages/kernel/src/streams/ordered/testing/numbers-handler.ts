import { PoisonError } from '../../../errors.ts';
import type { OrderedHandler } from '../handler.ts';
import { orderedConsumerTables, orderedWorkersBusy } from '../tables.ts';

/** A minimal service on an ordered consumer: an entry is a JSON list of numbers, and each is stored as a row. */
export const numbersTables = (schema: string): string => `
  CREATE SCHEMA ${schema};
  ${orderedConsumerTables(schema)}
  ${orderedWorkersBusy(schema)};
  -- shows which rows one transaction has written
  ALTER TABLE ${schema}.dead_letters ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id();
  CREATE TABLE ${schema}.handled (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream text NOT NULL,
    value bigint NOT NULL CONSTRAINT not_negative CHECK (value >= 0),
    worker text NOT NULL,
    xact xid8 NOT NULL DEFAULT pg_current_xact_id()
  );`;

/** Never stored: `process` refuses it. A negative number is refused by the table instead. */
export const POISON = 666_666;

export type NumbersHandlerOptions = {
  schema: string;
  worker: string;
  /** Runs first in each transaction; a throw fails it. */
  onProcess?: (values: number[]) => unknown;
  /** Runs before values are processed one by one; a throw fails the transaction, unless it is a PoisonError. */
  onLock?: (values: number[]) => unknown;
  /** Runs just before the rows are sent; a throw fails the transaction. */
  onWrite?: (values: number[]) => void;
  onPublish?: (values: number[]) => unknown;
  onParked?: (value: number) => unknown;
  onAnnounce?: (touched: number[]) => unknown;
};

export function numbersHandler(options: NumbersHandlerOptions): OrderedHandler<number> {
  const { schema, worker } = options;
  return {
    decode(entry) {
      const values: unknown = JSON.parse(entry.toString());
      if (Array.isArray(values)) return values as number[];
      throw new TypeError('not a list');
    },
    encode: (value) => Buffer.from(String(value)),
    async process(client, records) {
      const values = records.map(({ value }) => value);
      await options.onProcess?.(values);
      await client.query('SELECT 1');
      if (values.includes(POISON)) throw new PoisonError('a number that nobody wants');
      return {
        async write() {
          options.onWrite?.(values);
          await client.query(
            `INSERT INTO ${schema}.handled (stream, value, worker)
             SELECT n.stream, n.value, $3 FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS n(stream, value, place)
              ORDER BY n.place`,
            [records.map(({ stream }) => stream), values, worker],
          );
        },
        touched: new Map(
          [...Map.groupBy(records, ({ stream }) => stream)].map(([stream, own]) => [
            stream,
            own.map(({ value }) => value),
          ]),
        ),
        publish: () => void options.onPublish?.(values),
      };
    },
    async lock(_client, records) {
      await options.onLock?.(records.map(({ value }) => value));
    },
    parked: (value) => ({
      write: async () => {},
      touched: new Map(),
      publish: () => void options.onParked?.(value),
    }),
    announce: (touched) => void options.onAnnounce?.(touched),
  };
}
