import { sign } from '@securechat/crypto/e2ee';
import type { SignedDeviceList } from '@securechat/protocol';
import { createConnection } from '../connection/create-connection.ts';
import type { Transport } from '../connection/transport.ts';
import { LoginRefused, RequestTimedOut } from '../errors.ts';
import type { DeviceKey } from '../identity/keys.ts';

type FirstLogin = {
  userId: string;
  device: DeviceKey;
  urls: readonly string[];
  pins: readonly Uint8Array[];
  transport: Transport | undefined;
};

const TRY_AGAIN_MS = 2_000;

/** `untilMs`: Unix ms. `isKnown`: this server is the right one, so it is waited for also when it has not answered yet. */
type Wait = { untilMs: number; isKnown: boolean; signal: AbortSignal };

/**
 * Logs in as a device that is about to be enrolled, retrying until it is; returns the device list that contains it. Losing the network
 * does not end this: the other device may be approving right now. At the end it rejects with `RequestTimedOut`, whose cause is why the
 * last attempt failed.
 */
export async function firstLogin(login: FirstLogin, wait: Wait): Promise<SignedDeviceList> {
  const { untilMs, signal } = wait;
  let isThere = wait.isKnown;
  for (;;) {
    try {
      return await attempt(login, signal);
    } catch (error) {
      // a server that has never answered may be the wrong one, so that is an error
      if (!(error instanceof LoginRefused || (isThere && error instanceof RequestTimedOut))) throw error;
      isThere = true;
      if (Date.now() > untilMs)
        throw new RequestTimedOut('the existing device has not agreed', { cause: error });
    }
    await pause(signal);
  }
}

async function attempt({ userId, device, urls, pins, transport }: FirstLogin, signal: AbortSignal) {
  const connection = createConnection({
    urls,
    device: { userId, ...device, sign: (transcript) => sign(device.secretKey, transcript) },
    keepsake: { pins, ticket: undefined },
    ...(transport ? { transport } : {}),
  });
  const ended = Promise.withResolvers<never>();
  connection.on('ended', ended.reject);
  connection.start();
  try {
    const answer = connection.request('device_list', { user_id: userId }, { signal });
    const { type: _, ref: __, ...list } = await Promise.race([answer, ended.promise]);
    return list;
  } finally {
    await connection.stop();
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', give);
      resolve();
    }, TRY_AGAIN_MS);
    signal.addEventListener('abort', give, { once: true });
  });
}
