import { randomBytes } from 'node:crypto';
import { BODY_CHARACTERS } from '../chat-frames.ts';
import { type MakeFrame, messageId } from '../ledger.ts';
import type { Framing } from '../websocket.ts';
import { type Driver, type Target, urlFor } from './driver.ts';
import { PlainLine } from './plain-line.ts';

// Packets of Engine.IO 4 and Socket.IO 5, as far as they are looked at: the first characters of a message.
const OPEN = '0';
const PING = '2';
const PONG = Buffer.from('3');
const CONNECTED = '40';
const EVENT = '42';
const ACK = '43';

const PATH = '/socket.io/?EIO=4&transport=websocket';
const FRAMING: Framing = { kind: 'text' };
const GROUP = 'everybody';
/** The text of our messages starts with the id. */
const BODY = Buffer.from('"b":"');
/** An ack identifies its message by a number: this digit followed by the digits of the id. */
const ACK_PREFIX = '1';
/** Distinguishes a join from messages. */
const JOIN_NUMBER = '2';

const nameOf = (user: number): string => `user_${user}`;

type Recovery = { pid: string; offset: string | undefined };

/** A client of bench/peers' nodes that recovers missed messages, as socket.io's own does. */
export function socketIoDriver(target: Target): Driver {
  const lines = new Map<number, PlainLine>();
  const recoveries = new Map<number, Recovery>();
  const joins = new Map<number, () => void>();
  return {
    enrol: async () => undefined,

    async open(user, { ledger, tally, onAck, onDelivery }) {
      const recovery = recoveries.get(user);
      const here: Recovery = { pid: '', offset: recovery?.offset };
      const read = (bytes: Buffer, line: PlainLine): void => {
        const start = bytes.toString('latin1', 0, 2);
        if (start.startsWith(OPEN)) return line.send(connectPacket(user, recovery));
        if (start === PING) return line.send(PONG);
        if (start === CONNECTED) {
          here.pid = (JSON.parse(bytes.toString('latin1', 2)) as { pid: string }).pid;
          recoveries.set(user, here);
          return line.ready();
        }
        if (start === ACK) {
          if (bytes.toString('latin1', 2, 3) === JOIN_NUMBER) return joins.get(user)?.();
          const message = ledger.numberOf(idOfAck(bytes));
          return onAck(message, ledger.noteAck(message));
        }
        if (start !== EVENT) return tally.fault(`${nameOf(user)}: ${bytes.toString('latin1', 0, 80)}`);
        // the last argument of every event is its offset in the stream
        here.offset = bytes.toString(
          'latin1',
          bytes.lastIndexOf('"', bytes.length - 3) + 1,
          bytes.length - 2,
        );
        const at = bytes.indexOf(BODY);
        if (at < 0) return;
        const message = ledger.numberAt(bytes, at + BODY.length);
        onDelivery(message, ledger.noteDelivery(message));
      };
      const url = urlFor(target, user) + PATH;
      const line = await PlainLine.open({ url, framing: FRAMING, tally, name: nameOf(user), read });
      lines.set(user, line);
      return line;
    },

    inPairs: (routes) => ({
      frame: packets(routes.map(({ to }) => ({ event: 'direct', to: nameOf(to) }))),
      begin: async () => undefined,
    }),

    inGroup: (members) => ({
      frame: packets(members.map(() => ({ event: 'group', to: GROUP }))),
      async begin() {
        for (const user of members) {
          const joined = new Promise<void>((resolve) => joins.set(user, resolve));
          lines.get(user)?.send(Buffer.from(`${EVENT}${JOIN_NUMBER}["join","${GROUP}"]`));
          await joined;
        }
      },
    }),
  };
}

function connectPacket(user: number, recovery: Recovery | undefined): Buffer {
  return Buffer.from(`${CONNECTED}${JSON.stringify({ user: nameOf(user), ...recovery })}`);
}

/** `431<route><place>[]` */
function idOfAck(bytes: Buffer): string {
  const digits = bytes.toString('latin1', 3, bytes.indexOf('['));
  return `m_${digits.slice(0, 4)}_${digits.slice(4)}`;
}

function packets(routes: readonly { event: string; to: string }[]): MakeFrame {
  const fill = randomBytes(BODY_CHARACTERS).toString('base64');
  return (route, seq) => {
    const { event, to } = routes[route] as { event: string; to: string };
    const id = messageId(route, seq);
    const body = `${id}.${fill}`.slice(0, BODY_CHARACTERS);
    const number = `${ACK_PREFIX}${id.replaceAll(/\D/g, '')}`;
    return Buffer.from(`${EVENT}${number}["${event}",{"to":"${to}","b":"${body}"}]`, 'latin1');
  };
}
