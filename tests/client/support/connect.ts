import { afterEach } from '@jest/globals';
import type { Connection, ConnectionEvents, ConnectionState } from '@securechat/client';
import { type ConnectionOptions, createConnection, type LoginDevice } from '@securechat/client/testing';
import { type Person, until } from '@securechat/testkit';
import type { Stack } from '../../support/stack.ts';

/** A connection and everything it has told. */
export type Watched = {
  readonly connection: Connection;
  readonly states: ConnectionState[];
  readonly sessions: ConnectionEvents['session'][];
  readonly messages: ConnectionEvents['message'][];
  readonly failures: ConnectionEvents['failure'][];
  readonly ends: ConnectionEvents['ended'][];
  /** Resolves when it is connected, or fails with what has ended it. */
  connected(): Promise<void>;
  /** What has ended it. */
  ended(): Promise<ConnectionEvents['ended']>;
  failed(count?: number): Promise<ConnectionEvents['failure']>;
};

export function loginDeviceOf(person: Person, index = 0): LoginDevice {
  const { id, key } = person.device(index);
  return {
    userId: person.id,
    deviceId: id,
    publicKey: key.publicKey,
    sign: async (transcript) => key.sign(transcript),
  };
}

/** Connections of the SDK to a stack; they are stopped after each test. */
export function useConnections(
  stack: Stack,
): (who: Person | LoginDevice, options?: Partial<ConnectionOptions>) => Watched {
  const open: Connection[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.stop()));
  });
  return (who, options = {}) => {
    const connection = createConnection({
      urls: stack.constellation.gateways.map(({ wsUrl }) => wsUrl),
      device: 'sign' in who ? who : loginDeviceOf(who),
      keepsake: { pins: [stack.constellation.serviceKey], ticket: undefined },
      ...options,
    });
    open.push(connection);
    const watched = watch(connection);
    connection.start();
    return watched;
  };
}

function watch(connection: Connection): Watched {
  const watched: Watched = {
    connection,
    ...{ states: [], sessions: [], messages: [], failures: [], ends: [] },
    async connected() {
      await until('it is connected', () => connection.state === 'connected' || watched.ends.length > 0);
      if (watched.ends[0]) throw watched.ends[0];
    },
    ended: () => until('it has ended', () => watched.ends[0]),
    failed: (count = 1) => until(`it has failed ${count} times`, () => watched.failures[count - 1]),
  };
  connection.on('state', (state) => watched.states.push(state));
  connection.on('session', (session) => watched.sessions.push(session));
  connection.on('message', (message) => watched.messages.push(message));
  connection.on('failure', (failure) => watched.failures.push(failure));
  connection.on('ended', (error) => watched.ends.push(error));
  return watched;
}
