import { isIPv6 } from 'node:net';

/**
 * What counts as one client address: an IPv4 address, or the /64 of an IPv6 address, because one subscriber usually
 * has all of it. IPv4-mapped IPv6 counts as IPv4, however it is written.
 */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  if (!isIPv6(address)) return address;
  const groups = expand(address);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return groups.slice(6).flatMap(bytesOf).join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight groups of an IPv6 address without its zone; the last two may be written as IPv4. */
function expand(address: string): number[] {
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  return [...left, ...Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right];
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    const [a, b, c, d] = group.split('.').map(Number);
    if (a === undefined || b === undefined || c === undefined || d === undefined)
      return [Number.parseInt(group, 16)];
    return [(a << 8) | b, (c << 8) | d];
  });
}

function bytesOf(group: number): [number, number] {
  return [group >> 8, group & 0xff];
}
