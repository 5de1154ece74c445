import { type Options, UsageError, type Words } from '../command.ts';
import { adminAddress } from './api/address.ts';
import { httpTransport } from './api/http.ts';
import { adminKey } from './api/key.ts';
import type { Transport } from './api/transport.ts';

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

/** The way to the admin API. */
export function openDoor(values: Words['values'], env: NodeJS.ProcessEnv): Transport {
  const url = values.url ?? env.SECURECHAT_ADMIN_URL;
  if (!url) throw new UsageError('Where is the admin API? --url or SECURECHAT_ADMIN_URL names it.');
  return httpTransport(adminAddress(url, env), adminKey(values['key-file'], env));
}
