import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

/**
 * A small internet in network namespaces: two homes, each behind a NAT of its own, and a server between them. All addresses are from the
 * ranges for documentation (RFC 5737), so that files which deny private ranges are tried as they are. Needs root, `ip` and `nft`.
 *
 *   alice 198.51.100.2 ── NAT 203.0.113.21 ─┐
 *                                           ├── bridge ── server 203.0.113.10
 *   bob 198.51.100.130 ── NAT 203.0.113.22 ─┘
 */
export type Net = {
  readonly server: string;
  /** Runs a program in the namespace of this name; for `spawn`. */
  inside(name: 'server' | Home, command: string, args: readonly string[]): [string, string[]];
  /** Nothing of UDP gets through between the NATs (`each other`), or out of the homes at all. */
  cut(what: 'each other' | 'everything'): void;
  heal(): void;
  remove(): void;
};
export type Home = 'alice' | 'bob';

const SERVER = '203.0.113.10';
const HOMES = {
  alice: { outside: '203.0.113.21', gate: '198.51.100.1', inside: '198.51.100.2' },
  bob: { outside: '203.0.113.22', gate: '198.51.100.129', inside: '198.51.100.130' },
} as const;
/** Ports stay the same for all destinations, and nobody comes in who was not called: what most routers at home do. */
const NAT = `
  table ip home {
    chain out { type nat hook postrouting priority srcnat; oifname "out" masquerade; }
    chain in { type filter hook input priority filter; policy drop; ct state established accept; }
    chain cuts { }
    chain through {
      type filter hook forward priority filter; policy drop;
      jump cuts
      iifname "in" accept
      ct state established,related accept
    }
  }`;

export function makeNet(): Net {
  const prefix = `sc-${randomBytes(3).toString('hex')}`;
  const names: string[] = [];
  const of = (name: string): string => `${prefix}-${name}`;
  const run = (command: string, args: readonly string[], input?: string): void => {
    execFileSync(command, args, { input, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
  };
  const inside = (name: string, ...words: string[]): void =>
    run('ip', ['netns', 'exec', of(name), ...words.join(' ').split(' ')]);
  const nft = (name: string, rules: string): void =>
    run('ip', ['netns', 'exec', of(name), 'nft', '-f', '-'], rules);
  const space = (name: string): void => {
    run('ip', ['netns', 'add', of(name)]);
    names.push(of(name));
    inside(name, 'ip link set lo up');
  };
  /** A cable between two namespaces. */
  const cable = (from: string, device: string, to: string, otherDevice: string): void => {
    inside(from, `ip link add ${device} type veth peer name ${otherDevice} netns ${of(to)}`);
    inside(from, `ip link set ${device} up`);
    inside(to, `ip link set ${otherDevice} up`);
  };

  const build = (): void => {
    space('hub');
    inside('hub', 'ip link add bridge type bridge');
    inside('hub', 'ip link set bridge up');
    const plug = (name: string, device: string, address: string): void => {
      cable(name, device, 'hub', `to-${name}`);
      inside('hub', `ip link set to-${name} master bridge`);
      inside(name, `ip addr add ${address}/24 dev ${device}`);
    };
    space('server');
    plug('server', 'out', SERVER);
    // as on the internet, what is sent to nobody gets lost: coturn ends an allocation whose peer has no route, and addresses of homes are such
    cable('server', 'nowhere', 'hub', 'lost');
    inside('server', 'ip link set nowhere arp off');
    inside('server', 'ip route add default dev nowhere');
    for (const [home, { outside, gate, inside: own }] of Object.entries(HOMES)) {
      const nat = `nat-${home}`;
      space(nat);
      space(home);
      plug(nat, 'out', outside);
      cable(home, 'eth', nat, 'in');
      inside(nat, `ip addr add ${gate}/25 dev in`);
      inside(home, `ip addr add ${own}/25 dev eth`);
      inside(home, `ip route add default via ${gate}`);
      inside(nat, 'sysctl -q -w net.ipv4.ip_forward=1');
      nft(nat, NAT);
    }
  };
  const remove = (): void => {
    for (const name of names.splice(0)) run('ip', ['netns', 'del', name]);
  };
  try {
    build();
  } catch (error) {
    remove();
    const { stderr } = error as { stderr?: Buffer };
    throw new Error(
      `no network namespaces: ${stderr ?? error}\nThey need root, and the packages iproute2 and nftables.`,
    );
  }
  return {
    server: SERVER,
    inside: (name, command, args) => ['ip', ['netns', 'exec', of(name), command, ...args]],
    cut(what) {
      for (const [home, other] of [
        ['alice', 'bob'],
        ['bob', 'alice'],
      ] as const) {
        const { outside } = HOMES[other];
        const rules =
          what === 'everything'
            ? ['meta l4proto udp drop']
            : [`ip daddr ${outside} drop`, `ip saddr ${outside} drop`];
        nft(`nat-${home}`, rules.map((rule) => `add rule ip home cuts ${rule}`).join('\n'));
      }
    },
    heal: () => {
      for (const home of Object.keys(HOMES)) nft(`nat-${home}`, 'flush chain ip home cuts');
    },
    remove,
  };
}
