import type { IceServer as NativeServer } from 'node-datachannel';
import { CHANNEL, type IceServer, MAX_WAITING_BYTES, type MakePeer, type Peer } from '../direct/peer.ts';

export type NodePeerOptions = {
  /** The only address that is used, e.g. `127.0.0.1`. Default: all but the loopback ones. */
  bindAddress?: string;
  /** Only by way of a TURN server: the other learns that one's address instead of the own. */
  isRelayOnly?: boolean;
};

/**
 * A data channel for Node, by the package `node-datachannel`, which an app that wants it installs beside the SDK. Rejects with an
 * Error that says so when it is not there.
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

/** `turn:host:port?transport=udp` and its kin, in the words of the library; what it does not know is left out. */
function nativeOf({ urls, username, credential }: IceServer): NativeServer[] {
  const [, scheme, hostname = '', port, transport] =
    /^(stun|turns?):(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?transport=(udp|tcp))?$/.exec(urls) ?? [];
  if (scheme === undefined) return [];
  const server = {
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port ?? (scheme === 'turns' ? 5349 : 3478)),
  };
  // RFC 5389: without credentials it is asked for nothing but the own address
  if (scheme === 'stun') return [server];
  if (username === undefined || credential === undefined) return [];
  const relayType = scheme === 'turns' ? 'TurnTls' : transport === 'tcp' ? 'TurnTcp' : 'TurnUdp';
  return [{ ...server, username, password: credential, relayType }];
}
