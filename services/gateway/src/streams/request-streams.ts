import type { Owner, StreamNames } from '@securechat/protocol/internal';

/** Those that answer questions of gateways. */
export type Service = Exclude<Owner, 'gateway'>;

/** Where each is asked. Whatever the partitions are, questions have one stream. */
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
