import type { Directory, OutStreams, Route } from '@securechat/directory';
import type { Answer, PresenceRequests } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import type { PresenceMetrics } from '../metrics.ts';
import type { Passage, Sessions } from '../signalling/sessions.ts';
import { findPeer } from '../store/audience.ts';

export type SignalParts = {
  pool: Pool;
  directory: Directory;
  outStreams: OutStreams;
  sessions: Sessions;
  metrics: PresenceMetrics;
};
type Signal = PresenceRequests['signal']['ask'];

/**
 * Relays signalling to the other end: all devices of the called user until one has answered. A user who has blocked
 * the sender, never wrote to them or does not exist cannot be called; all get the same refusal.
 */
export async function passSignal(parts: SignalParts, ask: Signal): Promise<Answer<'presence', 'signal'>> {
  const { pool, sessions, metrics } = parts;
  const peer = await findPeer(pool, ask, ask.to, ask.conversation, isFirst(ask));
  if (peer === undefined) return refuse(metrics, 'PERMISSION_DENIED');
  const passage = await passAs(sessions, ask, peer);
  if (!passage) return refuse(metrics, 'SESSION_TAKEN');
  metrics.signalled('passed');
  await send(parts, ask, await devicesFor(parts, ask, peer, passage.other));
  return { ok: true };
}

/**
 * The first call requires that the called user has written to the caller. Everything later belongs to an agreed
 * session.
 */
const isFirst = ({ type, to_device }: Signal): boolean => type === 'p2p_offer' && to_device === undefined;

/** A session is named by its offerer: the sender or, if the sender has no such session, the other user. */
async function passAs(sessions: Sessions, ask: Signal, peer: number): Promise<Passage | undefined> {
  const { session: id, device, user } = ask;
  // a renegotiation between two connected ends passes like a candidate
  const type = ask.type === 'p2p_offer' && !isFirst(ask) ? 'p2p_candidate' : ask.type;
  const own = { type, id, device, user, offerer: user, called: peer };
  const others = { ...own, offerer: peer, called: user };
  if (type === 'p2p_answer') return await sessions.pass(others);
  if (type === 'p2p_offer') return await sessions.pass(own);
  return (await sessions.pass(own)) ?? (await sessions.pass(others));
}

async function devicesFor(
  { directory }: SignalParts,
  { type, user, device }: Signal,
  peer: number,
  other: number | undefined,
): Promise<Route[]> {
  const routes = await directory.locate([user, peer]);
  const toPeer = (routes.get(peer) ?? []).filter((route) => other === undefined || route.device === other);
  if (type !== 'p2p_answer' && type !== 'p2p_bye') return toPeer;
  // tells the sender's other devices, which were asked too, that they can stop
  return [...toPeer, ...(routes.get(user) ?? []).filter((route) => route.device !== device)];
}

async function send({ outStreams }: SignalParts, { type, payload }: Signal, routes: Route[]): Promise<void> {
  const body = Buffer.from(payload, 'base64');
  await Promise.all(
    [...Map.groupBy(routes, ({ gateway }) => gateway)].map(([gateway, some]) => {
      const head = { kind: 'signal', type, to: some.map(({ device }) => device) } as const;
      return outStreams.send(gateway, [{ head, body }]);
    }),
  );
}

function refuse(
  metrics: PresenceMetrics,
  error: 'PERMISSION_DENIED' | 'SESSION_TAKEN',
): Answer<'presence', 'signal'> {
  metrics.signalled('refused');
  return { ok: false, error };
}
