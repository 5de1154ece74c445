import { connect } from 'node:net';

const DEADLINE_MS = 5_000;

/**
 * Sends one command to a Redis on the loopback address. Resolves with the reply as text: a bulk string as it is, an array as lines.
 * Rejects with Redis's error, or when it is not there.
 */
export function askRedisServer(port: number, ...command: (string | number)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts = command.map((part) => `$${Buffer.byteLength(String(part))}\r\n${part}\r\n`);
    const socket = connect(port, '127.0.0.1', () => socket.write(`*${command.length}\r\n${parts.join('')}`));
    let reply = '';
    const timer = setTimeout(
      () => fail(`did not answer ${command[0]} within ${DEADLINE_MS} ms`),
      DEADLINE_MS,
    );
    function end(): void {
      clearTimeout(timer);
      socket.destroy();
    }
    function fail(reason: string): void {
      end();
      reject(new Error(`Redis on port ${port}: ${reason}`));
    }
    socket.setEncoding('utf8').on('data', (part: string) => {
      reply += part;
      const text = readReply(reply);
      if (text === undefined) return;
      if (reply.startsWith('-')) return fail(text);
      end();
      resolve(text);
    });
    socket.once('error', (error) => fail(error.message)).once('close', () => fail('closed the connection'));
  });
}

/** Undefined while incomplete. Supports only what is used here: no nil, no nested arrays; bulk strings are ASCII. */
function readReply(reply: string): string | undefined {
  const first = reply.indexOf('\r\n');
  if (first < 0) return undefined;
  const head = reply.slice(1, first);
  const rest = reply.slice(first + 2);
  if (reply.startsWith('$')) return rest.length < Number(head) + 2 ? undefined : rest.slice(0, Number(head));
  if (!reply.startsWith('*')) return head;
  const lines = rest.split('\r\n');
  const isBulk = rest.startsWith('$');
  if (lines.length <= Number(head) * (isBulk ? 2 : 1)) return undefined;
  return lines
    .filter((_, index) => !isBulk || index % 2 === 1)
    .join('\n')
    .trimEnd();
}
