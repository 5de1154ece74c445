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

/** Ways over the network. */
export const doorOptions: Options = {
  url: {
    type: 'string',
    value: 'URL',
    doc: 'where the admin API is; default SECURECHAT_ADMIN_URL. https://, on this machine also http://',
  },
  'key-file': {
    type: 'string',
    value: 'FILE',
    doc: 'the key, in a file that only you can read; default SECURECHAT_ADMIN_KEY',
  },
};

/** Ways to where services run. */
export const placeOptions: Options = {
  compose: { type: 'boolean', doc: 'by docker compose; needs no key' },
  'compose-file': {
    type: 'string',
    value: 'FILE',
    doc: 'its file; default COMPOSE_FILE, else infra/docker-compose.yml of this repository',
  },
  kubernetes: { type: 'boolean', doc: 'by kubectl; needs no key' },
  namespace: { type: 'string', value: 'NAME', doc: 'its namespace; default securechat' },
  local: { type: 'boolean', doc: 'what `npm start` runs' },
  data: {
    type: 'string',
    value: 'FOLDER',
    doc: 'where that keeps its data; default .data of this repository',
  },
};

type Given = Pick<Words, 'values' | 'flags'>;
const KINDS = ['compose', 'kubernetes', 'local'] as const;
type Kind = (typeof KINDS)[number];

/** The place that was named, else that of SECURECHAT_ADMIN_PLACE. */
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

/** Where a program is to run. */
export function openPlace(given: Given, env: NodeJS.ProcessEnv): Place {
  const kind = kindOf(given, env);
  if (kind) return open(kind, given, env);
  throw new UsageError(
    'This runs beside the services: say where before the command, with --compose, --kubernetes or --local, or in SECURECHAT_ADMIN_PLACE.',
  );
}

/** The way to the admin API: what was said in the command before what the environment says. */
export function openDoor(given: Given, env: NodeJS.ProcessEnv): Transport {
  const { values, flags } = given;
  const isPlaceNamed = KINDS.some((each) => flags.has(each));
  if (isPlaceNamed && values.url !== undefined) throw new UsageError('--url is a way of its own: name one.');
  const url = isPlaceNamed ? undefined : (values.url ?? env.SECURECHAT_ADMIN_URL);
  if (url) return httpTransport(adminAddress(url, env), adminKey(values['key-file'], env));
  const kind = kindOf(given, env);
  if (kind === 'local') {
    const { adminApi } = localPlace(values.data, env);
    return httpTransport(adminAddress(adminApi.url, env), adminApi.key);
  }
  if (kind) return inPlaceTransport(open(kind, given, env));
  throw new UsageError(
    'Where is the admin API? --url or SECURECHAT_ADMIN_URL names it; --compose, --kubernetes and --local ask where it runs.',
  );
}
