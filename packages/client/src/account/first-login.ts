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

/** Long enough for a person to walk from one screen to the other. */
const DEADLINE_MS = 10 * 60_000;
const TRY_AGAIN_MS = 2_000;

/**
 * Logs in as a device that is about to be enrolled, retrying until it is; returns the device list that contains it. Losing the network
 * does not end this: the other device may be approving right now, and the keys exist only here.
 */
export async function firstLogin(login: FirstLogin, signal: AbortSignal): Promise<SignedDeviceList> {
  const deadline = Date.now() + DEADLINE_MS;
  let isThere = false;
  for (;;) {
    try {
      return await attempt(login, signal);
    } catch (error) {
      // a server that has never answered may be the wrong one, so that is an error
      if (!(error instanceof LoginRefused || (isThere && error instanceof RequestTimedOut))) throw error;
      isThere = true;
    }
    if (Date.now() > deadline) throw new RequestTimedOut('the existing device has not agreed');
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
