import type { Owner, StreamNames } from '@securechat/protocol/internal';

/** Services that answer gateways' questions. */
export type Service = Exclude<Owner, 'gateway'>;

/** The stream of each. Whatever the number of partitions, questions use a single stream. */
export function requestStreams(streams: StreamNames): Record<Service, string> {
  const first = ([stream = '']: readonly string[]): string => stream;
  return {
    auth: first(streams.auth),
    delivery: first(streams.sync),
    presence: first(streams.presence),
    files: first(streams.files),
    push: first(streams.push),
  };
}
