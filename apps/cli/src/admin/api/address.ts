import { UsageError } from '../../command.ts';

/** Of this machine: what is sent there crosses no network. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Where the admin API is, without a slash at its end. The key goes there, so in clear only within this machine. */
export function adminAddress(given: string, env: NodeJS.ProcessEnv): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(
      'The address of the admin API begins with https://, or with http:// on this machine.',
    );
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new UsageError('The address of the admin API has no login, query or fragment.');
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname))
    throw new UsageError(
      `The key would travel in clear to ${url.hostname}: use https://, or a tunnel that ends on this machine.`,
    );
  if (url.protocol === 'https:' && env.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    throw new UsageError(
      'NODE_TLS_REJECT_UNAUTHORIZED=0 would give the key to whoever answers. Name your authority in NODE_EXTRA_CA_CERTS instead.',
    );
  return url.href.replace(/\/+$/, '');
}
