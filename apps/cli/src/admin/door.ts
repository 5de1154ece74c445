import { type Options, UsageError, type Words } from '../command.ts';
import { adminAddress } from './api/address.ts';
import { httpTransport } from './api/http.ts';
import { inPlaceTransport } from './api/in-place.ts';
import { adminKey } from './api/key.ts';
import type { Transport } from './api/transport.ts';
import { composePlace } from './places/compose.ts';
import { kubernetesPlace } from './places/kubernetes.ts';
import { localPlace } from './places/local.ts';
import type { Place } from './places/place.ts';

/** Options for access over the network. */
export const doorOptions: Options = {
  url: {
    type: 'string',
    value: 'URL',
    doc: 'address of the admin API; default SECURECHAT_ADMIN_URL. https://, or http:// on this machine',
  },
  'key-file': {
    type: 'string',
    value: 'FILE',
    doc: 'file with the key, readable only by you; default SECURECHAT_ADMIN_KEY',
  },
};

/** Options for access to where the services run. */
export const placeOptions: Options = {
  compose: { type: 'boolean', doc: 'through docker compose; needs no key' },
  'compose-file': {
    type: 'string',
    value: 'FILE',
    doc: 'its file; default COMPOSE_FILE, else infra/docker-compose.yml of this repository',
  },
  kubernetes: { type: 'boolean', doc: 'through kubectl; needs no key' },
  namespace: { type: 'string', value: 'NAME', doc: 'its namespace; default securechat' },
  local: { type: 'boolean', doc: 'the services that `npm start` runs' },
  data: {
    type: 'string',
    value: 'FOLDER',
    doc: 'its data folder; default .data of this repository',
  },
};

type Given = Pick<Words, 'values' | 'flags'>;
const KINDS = ['compose', 'kubernetes', 'local'] as const;
type Kind = (typeof KINDS)[number];

/** The given place, else that of SECURECHAT_ADMIN_PLACE. */
function kindOf({ flags }: Given, env: NodeJS.ProcessEnv): Kind | undefined {
  const [kind, another] = KINDS.filter((each) => flags.has(each));
  if (another) throw new UsageError(`--${kind} and --${another} exclude each other.`);
  const named = kind ?? (env.SECURECHAT_ADMIN_PLACE || undefined);
  if (named === undefined || KINDS.some((each) => each === named)) return named as Kind | undefined;
  throw new UsageError(`SECURECHAT_ADMIN_PLACE is one of ${KINDS.join(', ')}.`);
}

function open(kind: Kind, { values }: Given, env: NodeJS.ProcessEnv): Place {
  if (kind === 'compose') return composePlace(values['compose-file'], env);
  return kind === 'kubernetes'
    ? kubernetesPlace(values.namespace ?? 'securechat')
    : localPlace(values.data, env);
}

/** Where to run a program. */
export function openPlace(given: Given, env: NodeJS.ProcessEnv): Place {
  const kind = kindOf(given, env);
  if (kind) return open(kind, given, env);
  throw new UsageError(
    'This runs beside the services: say where, before the command, with --compose, --kubernetes or --local, or in SECURECHAT_ADMIN_PLACE.',
  );
}

/** How to reach the admin API: options take precedence over the environment. */
export function openDoor(given: Given, env: NodeJS.ProcessEnv): Transport {
  const { values, flags } = given;
  const isPlaceNamed = KINDS.some((each) => flags.has(each));
  if (isPlaceNamed && values.url !== undefined)
    throw new UsageError('--url excludes --compose, --kubernetes and --local.');
  const url = isPlaceNamed ? undefined : (values.url ?? env.SECURECHAT_ADMIN_URL);
  if (url) return httpTransport(adminAddress(url, env), adminKey(values['key-file'], env));
  const kind = kindOf(given, env);
  if (kind === 'local') {
    const { adminApi } = localPlace(values.data, env);
    return httpTransport(adminAddress(adminApi.url, env), adminApi.key);
  }
  if (kind) return inPlaceTransport(open(kind, given, env));
  throw new UsageError(
    'Where is the admin API? Give --url or SECURECHAT_ADMIN_URL, or reach it where it runs with --compose, --kubernetes or --local.',
  );
}
