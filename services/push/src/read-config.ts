import { type ConfigOf, readConfig, type SecretsOf } from '@securechat/kernel';
import { options } from './config.ts';
import { vapidPublicKey } from './send/web-push.ts';

type Config = ConfigOf<typeof options>;
type Secrets = SecretsOf<typeof options>;
/** What could be read: an option that is invalid by itself is missing. */
type Given = { config: Partial<Config>; secrets: Partial<Secrets> };

/** Push's environment; reports all faults at once, including those of options that need each other. */
export function readPushConfig(env: NodeJS.ProcessEnv): { config: Config; secrets: Secrets } {
  return readConfig(options, env, (given) => [...findBridgeFaults(given), ...findKeyFaults(given)]);
}

function findBridgeFaults({ config, secrets }: Given): string[] {
  if (!('bridgeUrl' in config) || !('bridgeKey' in secrets)) return [];
  if ((config.bridgeUrl === undefined) === (secrets.bridgeKey === undefined)) return [];
  return ['PUSH_BRIDGE_URL and PUSH_BRIDGE_KEY belong together: one of them is missing.'];
}

/** The right length is not enough: zero, and anything not below the curve order, is not a valid key. */
function findKeyFaults({ secrets: { vapidPrivateKey } }: Given): string[] {
  if (vapidPrivateKey === undefined) return [];
  try {
    vapidPublicKey(vapidPrivateKey);
    return [];
  } catch {
    return [
      'PUSH_VAPID_PRIVATE_KEY is no private key of P-256: put back the one that there was; with another one every browser has to subscribe anew.',
    ];
  }
}
