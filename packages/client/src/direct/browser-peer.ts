import { type Candidate, CHANNEL, MAX_WAITING_BYTES, type MakePeer, type Peer } from './peer.ts';

/** The browser's own data channel. */
export const browserPeer: MakePeer = (servers, events): Peer => {
  const connection = new RTCPeerConnection({ iceServers: [...servers] });
  const channel = connection.createDataChannel(CHANNEL.label, { negotiated: true, id: CHANNEL.id });
  connection.onicecandidate = ({ candidate }) => {
    // the end-of-candidates marker is empty
    if (candidate?.candidate)
      events.candidate({ candidate: candidate.candidate, mid: candidate.sdpMid ?? '0' });
  };
  connection.onconnectionstatechange = () => {
    if (connection.connectionState === 'failed') events.lost();
  };
  channel.onopen = () => events.open();
  channel.onclose = () => events.lost();
  channel.onmessage = ({ data }) => {
    if (typeof data === 'string') events.text(data);
  };
  const describe = async (made: RTCSessionDescriptionInit): Promise<string> => {
    await connection.setLocalDescription(made);
    return made.sdp ?? '';
  };
  return {
    offer: async () => describe(await connection.createOffer()),
    async answer(sdp) {
      await connection.setRemoteDescription({ type: 'offer', sdp });
      return describe(await connection.createAnswer());
    },
    accept: (sdp) => connection.setRemoteDescription({ type: 'answer', sdp }),
    add: ({ candidate, mid }: Candidate) => connection.addIceCandidate({ candidate, sdpMid: mid }),
    send(text) {
      if (channel.readyState !== 'open' || channel.bufferedAmount > MAX_WAITING_BYTES) return false;
      channel.send(text);
      return true;
    },
    close: () => connection.close(),
  };
};
