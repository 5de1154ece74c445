// What a TURN server of SecureChat must refuse, and what it must do. Each check asks the running server.
import { createHmac } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Answer, type Challenge, type Credentials, type METHODS, readAnswer, request } from './stun.ts';

/** RFC 5389: repeated after 0.5, 1 and 2 s; without an answer after 7 s there is no server. */
const RESEND_AFTER_MS = [500, 1_000, 2_000];
const DEADLINE_MS = 7_000;
const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const CREDENTIALS_SECONDS = 600;

/** One address of each internal range. */
export const FORBIDDEN_PEERS = [
  '10.0.0.1',
  '127.0.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '0.0.0.1',
  '224.0.0.1',
];
/** A documentation address: nobody is there, and a permission sends nothing. */
const ALLOWED_PEER = '203.0.113.9';

export type Finding = { readonly what: string; readonly isGood: boolean; readonly detail: string };

export async function checkTurn(place: { host: string; port: number; secret: string }): Promise<Finding[]> {
  const { secret } = place;
  const inFuture = Math.floor(Date.now() / 1000) + CREDENTIALS_SECONDS;
  const findings: Finding[] = [];
  const note = (what: string, { code }: Answer, wanted: number): void => {
    const said = code === 0 ? 'the server agreed' : `the server answered ${code}`;
    findings.push({
      what,
      isGood: code === wanted,
      detail: `${said}, and should ${wanted === 0 ? 'agree' : `answer ${wanted}`}`,
    });
  };
  note(
    'who has no credentials is refused',
    await withServer(place, (ask) => ask('allocate', {})),
    UNAUTHORIZED,
  );
  const refused: [string, Credentials][] = [
    ['expired credentials are refused', credentials(secret, 1_000_000_000)],
    ['made-up credentials are refused', credentials(`${secret}x`, inFuture)],
  ];
  for (const [what, signed] of refused)
    note(what, await withServer(place, (ask) => allocate(ask, signed)), UNAUTHORIZED);
  await withServer(place, async (ask, challenge) => {
    const signed = credentials(secret, inFuture);
    const allocated = await allocate(ask, signed);
    note('credentials of the secret get a relay', allocated, 0);
    if (allocated.code !== 0) return allocated;
    const permit = (peer: string) => ask('createPermission', { peer, signed: { ...signed, ...challenge() } });
    note('it relays to the internet', await permit(ALLOWED_PEER), 0);
    for (const peer of FORBIDDEN_PEERS) note(`it does not relay to ${peer}`, await permit(peer), FORBIDDEN);
    return allocated;
  });
  return findings;
}

/** In the same way as auth. */
export function credentials(secret: string, expiresAt: number): Credentials {
  const username = `${expiresAt}:turn-check`;
  return { username, password: createHmac('sha1', secret).update(username).digest('base64') };
}

type Ask = (method: keyof typeof METHODS, options: Parameters<typeof request>[1]) => Promise<Answer>;

/** The first request only serves to get the challenge to sign with. */
async function allocate(ask: Ask, signed: Credentials): Promise<Answer> {
  const { challenge } = await ask('allocate', {});
  if (!challenge) throw new Error('the server asks nobody for credentials, or is no TURN server');
  return ask('allocate', { signed: { ...signed, ...challenge } });
}

/** Each allocation needs its own socket. */
async function withServer(
  { host, port }: { host: string; port: number },
  use: (ask: Ask, challenge: () => Challenge) => Promise<Answer>,
): Promise<Answer> {
  const socket = createSocket('udp4');
  let newest: Challenge | undefined;
  try {
    socket.connect(port, host);
    await once(socket, 'connect');
    const ask: Ask = async (method, options) => {
      const answer = await exchange(socket, request(method, options));
      newest = answer.challenge ?? newest;
      return answer;
    };
    return await use(ask, () => newest ?? { realm: '', nonce: '' });
  } finally {
    socket.close();
  }
}

async function exchange(socket: Socket, { id, bytes }: { id: string; bytes: Buffer }): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const take = (message: Buffer): void => {
    const answer = readAnswer(message);
    if (answer?.id === id) resolve(answer);
  };
  const fail = (cause: Error): void =>
    reject(new Error(`the TURN server is not reached: ${cause.message}`, { cause }));
  socket.on('message', take).on('error', fail);
  const timers = RESEND_AFTER_MS.map((ms) => setTimeout(() => socket.send(bytes), ms));
  timers.push(setTimeout(() => fail(new Error(`no answer within ${DEADLINE_MS} ms`)), DEADLINE_MS));
  socket.send(bytes);
  try {
    return await promise;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    socket.off('message', take).off('error', fail);
  }
}
