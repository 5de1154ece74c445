import { describe, expect, test } from '@jest/globals';
import { checkHistory } from './check-history.ts';
import type { Arrival, HistoryEvent } from './history.ts';

const DEVICES = ['alice:phone', 'alice:laptop', 'bob:phone', 'bob:laptop'];
const CONVERSATIONS = ['c_one', 'c_two'];

type Send<P> = Extract<HistoryEvent, { type: 'send'; phase: P }>;

/** A history in which everything went well: three devices send into two conversations of the same four. */
function goodHistory(): HistoryEvent[] {
  const events: HistoryEvent[] = CONVERSATIONS.map((conversation_id) => ({
    type: 'conversation',
    conversation_id,
    devices: DEVICES,
  }));
  const convSeq = new Map<string, number>();
  const clientSeq = new Map<string, number>();
  const mailboxSeq = new Map<string, number>();
  const next = (counters: Map<string, number>, key: string, first = 1): number => {
    const value = counters.get(key) ?? first;
    counters.set(key, value + 1);
    return value;
  };
  for (let n = 0; n < 24; n++) {
    const device = DEVICES[n % 3]!;
    const conversation_id = CONVERSATIONS[Math.floor(n / 3) % 2]!;
    const [id, sha256] = [`m${n}`, `hash${n}`];
    const conv_seq = next(convSeq, conversation_id, 2);
    const client_seq = next(clientSeq, device + conversation_id);
    const sent = { type: 'send', device, id, conversation_id } as const;
    events.push({ ...sent, phase: 'invoke', sha256 });
    events.push({ ...sent, phase: 'ok', client_seq, conv_seq, dup: false });
    for (const receiver of DEVICES) {
      if (receiver === device) continue;
      const seq = next(mailboxSeq, receiver);
      events.push({
        ...{ type: 'recv', device: receiver, from: device, id, conversation_id },
        ...{ seq, conv_seq, client_seq, sha256, again: false },
      });
      events.push({ type: 'device-ack', device: receiver, through: seq });
    }
  }
  return events;
}

function arrivalAt(events: HistoryEvent[], device: string, index: number): Arrival {
  const arrivals = events.filter((event) => event.type === 'recv' && event.device === device) as Arrival[];
  return arrivals[index]!;
}

function ok(events: HistoryEvent[], id: string): Send<'ok'> {
  return events.find(
    (event) => event.type === 'send' && event.phase === 'ok' && event.id === id,
  ) as Send<'ok'>;
}

test('a history in which all went well has no violation', () => {
  expect(checkHistory(goodHistory())).toEqual([]);
});

test('an empty history has no violation', () => {
  expect(checkHistory([])).toEqual([]);
});

test('what nobody acked may be lost, and may also have arrived', () => {
  const events = goodHistory();
  const lost = { type: 'send', device: 'bob:phone', id: 'x', conversation_id: 'c_one' } as const;
  events.push({ ...lost, phase: 'invoke', sha256: 'x' }, { ...lost, phase: 'info' });
  const answered = ok(events, 'm5');
  events.splice(events.indexOf(answered), 1, { ...lost, phase: 'info', id: 'm5', device: answered.device });
  expect(checkHistory(events)).toEqual([]);
});

test('a message that came again under its own sequence is no violation', () => {
  const events = goodHistory();
  events.push({ ...arrivalAt(events, 'bob:phone', 3), again: true });
  events.push({ ...ok(events, 'm5'), dup: true });
  expect(checkHistory(events)).toEqual([]);
});

test('a device that was never online again is excused when the caller says so', () => {
  const events = goodHistory().filter((event) => event.type !== 'recv' || event.device !== 'bob:laptop');
  expect(checkHistory(events)).not.toEqual([]);
  expect(checkHistory(events, { absent: ['bob:laptop'] })).toEqual([]);
});

type Mutation = [name: string, mutate: (events: HistoryEvent[]) => void, says: RegExp];

const mutations: Mutation[] = [
  [
    'a delivery is dropped',
    (events) => void events.splice(events.indexOf(arrivalAt(events, 'bob:phone', 4)), 1),
    /was acked at \d+ and never delivered to bob:phone/,
  ],
  [
    'the last delivery is dropped',
    (events) => void events.splice(events.indexOf(arrivalAt(events, 'alice:laptop', 15)), 1),
    /never delivered to alice:laptop/,
  ],
  [
    'two deliveries change places',
    (events) => {
      const [first, second] = [arrivalAt(events, 'bob:phone', 0), arrivalAt(events, 'bob:phone', 1)];
      const [at, after] = [events.indexOf(first), events.indexOf(second)];
      events[at] = { ...second, seq: first.seq };
      events[after] = { ...first, seq: second.seq };
    },
    /conv_seq 2 of c_one does not follow/,
  ],
  [
    'the same two change places also by their conv_seq, on one device only',
    (events) => {
      const [first, second] = [arrivalAt(events, 'bob:phone', 0), arrivalAt(events, 'bob:phone', 1)];
      const [at, after] = [events.indexOf(first), events.indexOf(second)];
      events[at] = { ...second, seq: first.seq, conv_seq: first.conv_seq };
      events[after] = { ...first, seq: second.seq, conv_seq: second.conv_seq };
    },
    /c_one place 2 is .* for the sender and .* for bob:phone/,
  ],
  [
    'two messages of one sender change places',
    (events) => {
      for (const event of events) {
        if (event.type === 'recv' && event.id === 'm0') event.client_seq = 9;
      }
    },
    /client_seq \d of its sender in c_one does not follow/,
  ],
  [
    'a message takes effect twice',
    (events) => void events.push({ ...arrivalAt(events, 'bob:laptop', 2), seq: 1000, conv_seq: 1000 }),
    /took effect twice on bob:laptop: seq 3, 1000/,
  ],
  [
    'a mailbox sequence is given twice',
    (events) => {
      arrivalAt(events, 'bob:phone', 5).seq = 5;
    },
    /on bob:phone: mailbox seq 5 does not follow/,
  ],
  [
    'a content is altered',
    (events) => {
      arrivalAt(events, 'bob:laptop', 7).sha256 = 'other';
    },
    /on bob:laptop is not what was sent/,
  ],
  [
    'a message appears that nobody sent',
    (events) =>
      void events.push({ ...arrivalAt(events, 'bob:phone', 0), id: 'ghost', seq: 99, conv_seq: 99 }),
    /ghost on bob:phone was never sent/,
  ],
  [
    'a refused message is delivered',
    (events) => {
      const { type, device, id, conversation_id } = ok(events, 'm8');
      const refused = { type, phase: 'fail', device, id, conversation_id, error: 'EXPIRED' } as const;
      events.splice(events.indexOf(ok(events, 'm8')), 1, refused);
    },
    /m8 on .* had been refused with EXPIRED/,
  ],
  [
    'a message turns up in another conversation',
    (events) => {
      arrivalAt(events, 'bob:phone', 6).conversation_id = 'c_three';
    },
    /is in another conversation/,
  ],
  [
    'a second ack names another place',
    (events) => void events.push({ ...ok(events, 'm6'), conv_seq: 77, dup: true }),
    /m6 has several places: \d+, 77/,
  ],
  [
    'a message is delivered at another place than its ack said',
    (events) => {
      ok(events, 'm23').conv_seq = 78;
    },
    /m23 has several places/,
  ],
  [
    'a redelivery brings another message under a known sequence',
    (events) => void events.push({ ...arrivalAt(events, 'bob:phone', 4), seq: 2, again: true }),
    /bob:phone seq 2 was .* and then/,
  ],
  [
    'a redelivery brings a sequence that never was',
    (events) => void events.push({ ...arrivalAt(events, 'bob:phone', 4), seq: 500, again: true }),
    /told again of seq 500, which it never had/,
  ],
  [
    'a watermark falls',
    (events) => {
      const mark = {
        type: 'receipt',
        device: 'bob:phone',
        conversation_id: 'c_one',
        user_id: 'alice',
      } as const;
      events.push({ ...mark, delivered_through: 5, read_through: 3 });
      events.push({ ...mark, delivered_through: 6, read_through: 2 });
    },
    /watermarks fell from 5\/3 to 6\/2/,
  ],
  [
    'nobody says who belongs to a conversation',
    (events) => void events.shift(),
    /c_one: nobody knows who belongs to it/,
  ],
];

describe('it is caught when', () => {
  test.each(mutations)('%s', (_name, mutate, says) => {
    const events = structuredClone(goodHistory());
    mutate(events);
    expect(checkHistory(events)).toContainEqual(expect.stringMatching(says));
  });

  test('any single delivery is dropped, wherever it is', () => {
    const events = goodHistory();
    const arrivals = events.filter((event) => event.type === 'recv');
    for (const arrival of arrivals) {
      expect(checkHistory(events.filter((event) => event !== arrival))).toHaveLength(1);
    }
  });

  test('any single content is altered, wherever it is', () => {
    const events = goodHistory();
    for (const arrival of events.filter((event) => event.type === 'recv')) {
      const altered = events.map((event) => (event === arrival ? { ...arrival, sha256: 'other' } : event));
      expect(checkHistory(altered)).toHaveLength(1);
    }
  });
});

test('an answer to a message that was never sent is a fault of the recording', () => {
  const answer: HistoryEvent = { type: 'send', phase: 'info', device: 'a:b', id: 'm', conversation_id: 'c' };
  expect(() => checkHistory([answer])).toThrow('which was never sent');
});
