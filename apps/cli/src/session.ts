import {
  type Client,
  type ConnectionState,
  type Message,
  SecureChat,
  SecureChatError,
  type ServerAddress,
  ServerUnreachable,
  type Store,
} from '@securechat/client';
import { CommandFailed, describeFailure, exitCodes, whyNotSent } from './failures.ts';
import { clientOptions, openStore } from './home.ts';

/** Long enough for a login over a slow network; a person would not wait longer. */
const CONNECT_DEADLINE_MS = 20_000;
const STORED_DEADLINE_MS = 30_000;

/** Creates an account or device in this folder. Resolves when others can write to it: somebody who signs up and leaves at once must be reachable. */
export async function enterInto(
  home: string,
  enter: (store: Store) => Promise<Client>,
): Promise<Client['me']> {
  const store = await openEmptyStore(home);
  let client: Client;
  try {
    client = await enter(store);
  } catch (error) {
    await store.close();
    throw error;
  }
  try {
    await whileConnected(client, () => client.reachable());
    return client.me;
  } catch (error) {
    const { text, exitCode } = describeFailure(error);
    throw new CommandFailed(
      `The account is in ${home}, but others cannot write to it yet. ${text}`,
      'To finish, connect once: `securechat listen`.',
      exitCode,
    );
  } finally {
    await client.close();
  }
}

/** Never overwrites what the folder contains. */
async function openEmptyStore(home: string): Promise<Store> {
  const store = await openStore(home);
  try {
    const client = await SecureChat.open({ store, ...clientOptions() });
    await client.close();
  } catch (error) {
    if (error instanceof SecureChatError && error.name === 'NoAccountHere') return store;
    await store.close();
    throw error;
  }
  throw new CommandFailed(`${home} already holds an account`, 'Use another folder with --home.');
}

/** Opens the folder's account, without a connection, while `use` runs. From now on its server is `server`, if given. */
export async function withClient<T>(
  home: string,
  use: (client: Client) => Promise<T>,
  server?: ServerAddress,
): Promise<T> {
  const store = await openStore(home);
  let client: Client;
  try {
    client = await SecureChat.open({ store, ...clientOptions(), ...(server && { server }) });
  } catch (error) {
    await store.close();
    throw error;
  }
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** The same with a connection. */
export function withConnection<T>(
  home: string,
  use: (client: Client) => Promise<T>,
  server?: ServerAddress,
): Promise<T> {
  return withClient(home, (client) => whileConnected(client, () => use(client)), server);
}

/** When the connection ends for good, so does `use`. */
export function whileConnected<T>(client: Client, use: () => Promise<T>): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  client.on('ended', reject);
  client.connect();
  return Promise.race([ended, connected(client).then(use)]);
}

async function connected(client: Client): Promise<void> {
  let last: unknown = new ServerUnreachable('nothing answers');
  const off = client.on('failure', ({ error }) => {
    last = error;
  });
  try {
    await told<ConnectionState>({
      deadlineMs: CONNECT_DEADLINE_MS,
      listenTo: (listen) => client.on('state', listen),
      now: async () => client.state,
      fits: (state) => state === 'connected',
      late: () => notConnected(last),
    });
  } finally {
    off();
  }
}

/** After several attempts; the last failure says what to do. */
function notConnected(error: unknown): CommandFailed {
  const { text, exitCode } = describeFailure(error);
  const [why = '', ...advice] = text.split('\n');
  return new CommandFailed(
    `No connection within ${CONNECT_DEADLINE_MS / 1000} s: ${why}`,
    advice.join('\n'),
    exitCode,
  );
}

/** Waits until the server has stored an own message. */
export async function stored(client: Client, sent: Message): Promise<Message> {
  const message = await told<Message>({
    deadlineMs: STORED_DEADLINE_MS,
    listenTo: (listen) => client.on('message', ({ message }) => listen(message)),
    now: async () => client.conversation(sent.conversationId)?.message(sent.id),
    fits: ({ id, place, status }) => id === sent.id && (place !== undefined || status === 'failed'),
    late: notStored,
  });
  if (message.status !== 'failed') return message;
  const { failure = '' } = message;
  throw new CommandFailed(`It was refused: ${failure}`, `It was not sent to anybody: ${whyNotSent(failure)}`);
}

/** Waits until the server has stored everything made on this device. */
export async function allStored(client: Client): Promise<void> {
  await told<number>({
    deadlineMs: STORED_DEADLINE_MS,
    listenTo: (listen) => client.on('outbox', ({ waiting }) => listen(waiting)),
    now: async () => client.waiting,
    fits: (waiting) => waiting === 0,
    late: notStored,
  });
}

function notStored(): CommandFailed {
  return new CommandFailed(
    `The server has not stored it within ${STORED_DEADLINE_MS / 1000} s`,
    'It is queued in this folder and will be sent on the next connection; do not send it again.',
    exitCodes.later,
  );
}

type Wanted<T> = {
  readonly deadlineMs: number;
  listenTo(listen: (value: T) => void): () => void;
  /** It may already be there before anybody listened. */
  now(): Promise<T | undefined>;
  fits(value: T): boolean;
  late(): Error;
};

/** The first matching value, or the error made by `late`. */
async function told<T>({ deadlineMs, listenTo, now, fits, late }: Wanted<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const take = (value: T | undefined): void => {
    if (value !== undefined && fits(value)) resolve(value);
  };
  const timer = setTimeout(() => reject(late()), deadlineMs);
  const off = listenTo(take);
  now().then(take, reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    off();
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs `use`, and calls `end` if this process is told to end meanwhile. */
export async function untilAskedToEnd<T>(end: () => void, use: () => Promise<T>): Promise<T> {
  for (const signal of SIGNALS) process.on(signal, end);
  try {
    return await use();
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
  }
}
