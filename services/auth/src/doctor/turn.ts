import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Finding, isError } from '@securechat/kernel';

const WAIT_MS = 3_000;
const REMEDY =
  'Is coturn running there, and open in the firewall (UDP and TCP 3478, TCP 5349)? See docs/operations.md, TURN.';
/** STUN, RFC 8489: a Binding request without attributes, answered by a success response with the same transaction id. */
const BINDING_REQUEST = Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]);
const BINDING_SUCCESS = 0x0101;

/** Whether each of these addresses answers; credentials are not tested. */
export async function lookAtTurn(urls: readonly string[]): Promise<Finding[]> {
  if (urls.length === 0) return [{ about: 'TURN', says: 'none is configured: direct connections only' }];
  return await Promise.all(urls.map(lookAtUrl));
}

async function lookAtUrl(url: string): Promise<Finding> {
  const { isTls, isTcp, host, port } = parseTurnUrl(url);
  try {
    if (isTls)
      await opens(
        connectTls({ host, port, servername: isIP(host) ? '' : host, timeout: WAIT_MS }),
        'secureConnect',
      );
    else if (isTcp) await opens(connect({ host, port, timeout: WAIT_MS }), 'connect');
    else await answersStun(host, port);
    return { about: url, says: 'answers' };
  } catch (error) {
    return { about: url, says: isError(error) ? error.message : String(error), remedy: REMEDY };
  }
}

export function parseTurnUrl(url: string): { isTls: boolean; isTcp: boolean; host: string; port: number } {
  const [, scheme = '', host = '', port, transport] =
    /^(turns?):(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?transport=(\w+))?$/.exec(url) ?? [];
  const isTls = scheme === 'turns';
  const standard = isTls ? 5349 : 3478;
  return {
    isTls,
    isTcp: transport === 'tcp',
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port ?? standard),
  };
}

async function opens(socket: ReturnType<typeof connect>, event: string): Promise<void> {
  socket.once('timeout', () => socket.destroy(new Error(`no answer within ${WAIT_MS} ms`)));
  try {
    await once(socket, event);
  } finally {
    socket.destroy();
  }
}

async function answersStun(host: string, port: number): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const transaction = randomBytes(12);
  try {
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(WAIT_MS) });
    socket.send(Buffer.concat([BINDING_REQUEST, transaction]), port, host, (error) => {
      if (error) socket.emit('error', error);
    });
    const [message] = (await answered) as [Buffer];
    if (
      message.length < 20 ||
      message.readUInt16BE(0) !== BINDING_SUCCESS ||
      !message.subarray(8, 20).equals(transaction)
    )
      throw new Error('what answers there speaks no STUN');
  } catch (error) {
    if (isError(error) && error.name === 'AbortError')
      throw new Error(`no answer within ${WAIT_MS} ms`, { cause: error });
    throw error;
  } finally {
    socket.close();
  }
}
