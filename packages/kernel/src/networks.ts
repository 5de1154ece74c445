import { BlockList, isIP } from 'node:net';

/** True for an address in one of its networks. */
export type NetworkMatcher = (address: string | undefined) => boolean;

/** `networks` are addresses and `address/prefix`, as `isNetwork` accepts them. IPv4-mapped IPv6 counts as IPv4. */
export function createNetworkMatcher(networks: readonly string[]): NetworkMatcher {
  const list = new BlockList();
  for (const network of networks) {
    const { address, family, prefix } = parse(network) ?? never(network);
    list.addSubnet(address, prefix, family);
  }
  return (given) => {
    const address = given?.split('%')[0];
    const family = familyOf(address ?? '');
    return address !== undefined && family !== undefined && list.check(address, family);
  };
}

export function isNetwork(text: string): boolean {
  return parse(text) !== undefined;
}

type Network = { address: string; family: 'ipv4' | 'ipv6'; prefix: number };

function parse(text: string): Network | undefined {
  const [, address = '', digits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  if (family === undefined) return undefined;
  const bits = family === 'ipv4' ? 32 : 128;
  const prefix = digits === undefined ? bits : Number(digits);
  return prefix <= bits ? { address, family, prefix } : undefined;
}

function familyOf(address: string): Network['family'] | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}

function never(network: string): never {
  throw new TypeError(`${network} is neither an address nor a network`);
}
