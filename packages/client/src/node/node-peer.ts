import type { IceServer as NativeServer } from 'node-datachannel';
import { CHANNEL, type IceServer, MAX_WAITING_BYTES, type MakePeer, type Peer } from '../direct/peer.ts';

export type NodePeerOptions = {
  /** The only local address to use, e.g. `127.0.0.1`. Default: all but loopback. */
  bindAddress?: string;
  /** Connect only through a TURN server: the other end learns its address instead of ours. */
  isRelayOnly?: boolean;
};

/**
 * Data channels for Node, by the package `node-datachannel`, which the app installs beside the SDK. Rejects with an Error saying so if it
 * is missing.
 */
export async function nodePeers(options: NodePeerOptions = {}): Promise<MakePeer> {
  const { PeerConnection } = await import('node-datachannel').catch((cause: unknown) => {
    throw new Error(
      'direct connections in Node need the package node-datachannel: npm install node-datachannel',
      {
        cause,
      },
    );
  });
  const { bindAddress, isRelayOnly } = options;
  const more = {
    ...(bindAddress === undefined ? {} : { bindAddress }),
    ...(isRelayOnly ? { iceTransportPolicy: 'relay' as const } : {}),
  };
  return (servers, events): Peer => {
    const iceServers = servers.flatMap(nativeOf);
    const connection = new PeerConnection('securechat', {
      iceServers,
      disableAutoNegotiation: true,
      ...more,
    });
    const channel = connection.createDataChannel(CHANNEL.label, { negotiated: true, id: CHANNEL.id });
    const described = Promise.withResolvers<string>();
    connection.onLocalDescription((sdp) => described.resolve(sdp));
    connection.onLocalCandidate((candidate, mid) => events.candidate({ candidate, mid }));
    connection.onStateChange((state) => {
      if (['failed', 'closed', 'disconnected'].includes(state)) events.lost();
    });
    channel.onOpen(() => events.open());
    channel.onClosed(() => events.lost());
    channel.onMessage((data) => {
      if (typeof data === 'string') events.text(data);
    });
    return {
      async offer() {
        connection.setLocalDescription('offer');
        return described.promise;
      },
      async answer(sdp) {
        connection.setRemoteDescription(sdp, 'offer');
        connection.setLocalDescription('answer');
        return described.promise;
      },
      accept: async (sdp) => connection.setRemoteDescription(sdp, 'answer'),
      add: async ({ candidate, mid }) => connection.addRemoteCandidate(candidate, mid),
      send: (text) =>
        channel.isOpen() && channel.bufferedAmount() <= MAX_WAITING_BYTES && channel.sendMessage(text),
      close: () => connection.close(),
    };
  };
}

/** Converts `turn:host:port?transport=udp` and the like for the library; unsupported ones are left out. */
function nativeOf({ urls, username, credential }: IceServer): NativeServer[] {
  const [, scheme, hostname = '', port, transport] =
    /^(stun|turns?):(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?transport=(udp|tcp))?$/.exec(urls) ?? [];
  if (scheme === undefined) return [];
  const server = {
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port ?? (scheme === 'turns' ? 5349 : 3478)),
  };
  // RFC 5389: STUN needs no credentials to report the own address
  if (scheme === 'stun') return [server];
  if (username === undefined || credential === undefined) return [];
  const relayType = scheme === 'turns' ? 'TurnTls' : transport === 'tcp' ? 'TurnTcp' : 'TurnUdp';
  return [{ ...server, username, password: credential, relayType }];
}
