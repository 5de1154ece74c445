import { describe, expect, test } from '@jest/globals';
import { checkHistory } from './check-history.ts';
import type { Arrival, HistoryEvent } from './history.ts';

const DEVICES = ['alice:phone', 'alice:laptop', 'bob:phone', 'bob:laptop'];
const CONVERSATIONS = ['c_one', 'c_two'];

type Send<P> = Extract<HistoryEvent, { type: 'send'; phase: P }>;

/** A history without faults: three devices send into two conversations of the same four. */
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

describe('messages that a device was told it does not get', () => {
  /** Bob's laptop misses its first three messages of c_one, and is told so. */
  function truncated(changes: { through?: number; dropped?: number } = {}): HistoryEvent[] {
    const events = goodHistory();
    const missing = events
      .filter(
        (event) =>
          event.type === 'recv' && event.device === 'bob:laptop' && event.conversation_id === 'c_one',
      )
      .slice(0, 3) as Arrival[];
    const entry = { through: missing.at(-1)!.conv_seq, dropped: 3, ...changes };
    events.splice(events.indexOf(missing[0]!), 0, {
      ...{ type: 'truncated', device: 'bob:laptop', conversation_id: 'c_one' },
      ...entry,
    });
    return events.map((event) => {
      if (event.type !== 'recv' || !missing.includes(event)) return event;
      return { type: 'hole', device: event.device, from: event.seq, through: event.seq };
    });
  }

  test('are excused', () => {
    expect(checkHistory(truncated())).toEqual([]);
  });

  test('beyond the place that was named are not', () => {
    expect(checkHistory(truncated({ through: 3 }))).toEqual([
      expect.stringContaining('acked at 4 and never delivered to bob:laptop'),
    ]);
  });

  test('do not come afterwards', () => {
    const entry = { type: 'truncated', device: 'bob:laptop', conversation_id: 'c_one' } as const;
    const events = [{ ...entry, through: 2, dropped: 1 }, ...goodHistory()];
    expect(checkHistory(events)).toEqual([
      'I1: alice:phone/m0 came to bob:laptop after it was said to be dropped',
    ]);
  });

  test('are not more than were named', () => {
    expect(checkHistory(truncated({ dropped: 2 }))).toEqual([
      'I1: bob:laptop c_one: 3 messages are missing and 2 were said to be dropped',
    ]);
  });

  test('are those of one conversation and one device', () => {
    const events = truncated();
    events.splice(events.indexOf(arrivalAt(events, 'bob:phone', 0)), 1);
    expect(checkHistory(events).filter((violation) => violation.startsWith('I1'))).toEqual([
      expect.stringContaining('never delivered to bob:phone'),
    ]);
  });
});

test('a place that a page passed over is no violation, unless everything is kept', () => {
  const events = goodHistory();
  events.push({ ...arrivalAt(events, 'bob:phone', 3), id: 'm24', seq: 18, conv_seq: 30, client_seq: 9 });
  events.push({ type: 'hole', device: 'bob:phone', from: 17, through: 17 });
  expect(checkHistory(events).filter((violation) => violation.startsWith('I9'))).toEqual([]);
  expect(checkHistory(events, { keepsEverything: true })).toContain(
    'I9: bob:phone never saw places 17 of its mailbox',
  );
});

test('receipts that follow what was acknowledged are no violation, in whatever order devices come', () => {
  const events = goodHistory();
  for (const { device, user } of [
    { device: 'alice:phone', user: 'bob' },
    { device: 'bob:laptop', user: 'alice' },
  ]) {
    const mark = { type: 'receipt', device, conversation_id: 'c_two', user_id: user } as const;
    events.push({ ...mark, delivered_through: 13, read_through: 13 });
  }
  expect(checkHistory(events)).toEqual([]);
});

test('a device that was never online again is excused when the caller says so', () => {
  const events = goodHistory().filter((event) => event.type !== 'recv' || event.device !== 'bob:laptop');
  expect(checkHistory(events)).not.toEqual([]);
  expect(checkHistory(events, { absent: ['bob:laptop'] })).toEqual([]);
});

test('a receipt that newer ones have overtaken is no violation', () => {
  const events: HistoryEvent[] = goodHistory();
  for (const [delivered_through, atMs] of [
    [4, 1_000],
    [5, 1_010],
    [4, 20_000],
  ] as const)
    events.push({ ...MARK, delivered_through, read_through: 0, ...at(atMs) });
  expect(checkHistory(events)).toEqual([]);
});

const MARK = { type: 'receipt', device: 'bob:phone', conversation_id: 'c_one', user_id: 'alice' } as const;
const at = (at_ms: number): object => ({ at_ms });

type Mutation = [name: string, mutate: (events: HistoryEvent[]) => void, says: RegExp];

/** Each must be caught by the invariant that its pattern starts with. */
const mutations: Mutation[] = [
  [
    'a delivery is dropped',
    (events) => void events.splice(events.indexOf(arrivalAt(events, 'bob:phone', 4)), 1),
    /^I1: .* was acked at \d+ and never delivered to bob:phone/,
  ],
  [
    'the last delivery is dropped',
    (events) => void events.splice(events.indexOf(arrivalAt(events, 'alice:laptop', 15)), 1),
    /^I1: .* never delivered to alice:laptop/,
  ],
  [
    'two deliveries change places',
    (events) => {
      const [first, second] = [arrivalAt(events, 'bob:phone', 0), arrivalAt(events, 'bob:phone', 1)];
      const [at, after] = [events.indexOf(first), events.indexOf(second)];
      events[at] = { ...second, seq: first.seq };
      events[after] = { ...first, seq: second.seq };
    },
    /^I3: .* conv_seq 2 of c_one does not follow/,
  ],
  [
    'the same two change places also by their conv_seq, on one device only',
    (events) => {
      const [first, second] = [arrivalAt(events, 'bob:phone', 0), arrivalAt(events, 'bob:phone', 1)];
      const [at, after] = [events.indexOf(first), events.indexOf(second)];
      events[at] = { ...second, seq: first.seq, conv_seq: first.conv_seq };
      events[after] = { ...first, seq: second.seq, conv_seq: second.conv_seq };
    },
    /^I3: c_one place 2 is .* for the sender and .* for bob:phone/,
  ],
  [
    'two messages of one sender change places',
    (events) => {
      for (const event of events) {
        if (event.type === 'recv' && event.id === 'm0') event.client_seq = 9;
      }
    },
    /^I3: .* client_seq \d of its sender in c_one does not follow/,
  ],
  [
    'a message takes effect twice',
    (events) => void events.push({ ...arrivalAt(events, 'bob:laptop', 2), seq: 1000, conv_seq: 1000 }),
    /^I2: .* took effect twice on bob:laptop: seq 3, 1000/,
  ],
  [
    'a mailbox sequence is given twice',
    (events) => {
      arrivalAt(events, 'bob:phone', 5).seq = 5;
    },
    /^I3: .* on bob:phone: mailbox seq 5 does not follow/,
  ],
  [
    'a content is altered',
    (events) => {
      arrivalAt(events, 'bob:laptop', 7).sha256 = 'other';
    },
    /^I5: .* on bob:laptop is not what was sent/,
  ],
  [
    'a message appears that nobody sent',
    (events) =>
      void events.push({ ...arrivalAt(events, 'bob:phone', 0), id: 'ghost', seq: 99, conv_seq: 99 }),
    /^I6: .*ghost on bob:phone was never sent/,
  ],
  [
    'a refused message is delivered',
    (events) => {
      const { type, device, id, conversation_id } = ok(events, 'm8');
      const refused = { type, phase: 'fail', device, id, conversation_id, error: 'EXPIRED' } as const;
      events.splice(events.indexOf(ok(events, 'm8')), 1, refused);
    },
    /^I6: .*m8 on .* had been refused with EXPIRED/,
  ],
  [
    'a message turns up in another conversation',
    (events) => {
      arrivalAt(events, 'bob:phone', 6).conversation_id = 'c_three';
    },
    /^I4: .* is in another conversation/,
  ],
  [
    'a second ack names another place',
    (events) => void events.push({ ...ok(events, 'm6'), conv_seq: 77, dup: true }),
    /^I8: .*m6 has several places: \d+, 77/,
  ],
  [
    'a message is delivered at another place than its ack said',
    (events) => {
      ok(events, 'm23').conv_seq = 78;
    },
    /^I8: .*m23 has several places/,
  ],
  [
    'a redelivery brings another message under a known sequence',
    (events) => void events.push({ ...arrivalAt(events, 'bob:phone', 4), seq: 2, again: true }),
    /^I2: bob:phone seq 2 was .* and then/,
  ],
  [
    'a redelivery brings a sequence that never was',
    (events) => void events.push({ ...arrivalAt(events, 'bob:phone', 4), seq: 500, again: true }),
    /^I2: .* told again of seq 500, which it never had/,
  ],
  [
    'a mark falls that was told long before',
    (events) => {
      events.push({ ...MARK, delivered_through: 5, read_through: 3, ...at(1_000) });
      events.push({ ...MARK, delivered_through: 6, read_through: 2, ...at(21_001) });
    },
    /^I7: .* marks of 5\/3, told long before, fell to 6\/2/,
  ],
  [
    'a message leaks to a device that is not in the conversation',
    (events) => void events.push({ ...arrivalAt(events, 'bob:phone', 4), device: 'eve:phone', seq: 1 }),
    /^I4: .* on eve:phone leaked: the device does not belong to c_/,
  ],
  [
    'a receipt tells of what no device of the member has acknowledged',
    (events) => {
      const at = events.findIndex((event) => event.type === 'device-ack' && event.device.startsWith('bob'));
      const mark = { type: 'receipt', device: 'alice:phone', conversation_id: 'c_one' } as const;
      events.splice(at, 0, { ...mark, user_id: 'bob', delivered_through: 2, read_through: 0 });
    },
    /^I7: bob was said to have 2 of c_one, but acknowledged only 0/,
  ],
  [
    'a member has read what it does not have',
    (events) => {
      const mark = { type: 'receipt', device: 'alice:phone', conversation_id: 'c_one' } as const;
      events.push({ ...mark, user_id: 'bob', delivered_through: 5, read_through: 6 });
    },
    /^I7: bob was said to have read 6 of c_one, but to have 5/,
  ],
  [
    'a place of the mailbox stays empty',
    (events) => void events.splice(events.indexOf(arrivalAt(events, 'bob:phone', 4)), 1),
    /^I9: bob:phone never saw places 5 of its mailbox/,
  ],
  [
    'nobody says who belongs to a conversation',
    (events) => void events.shift(),
    /^I1: c_one: nobody knows who belongs to it/,
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
      const violations = checkHistory(events.filter((event) => event !== arrival));
      expect(violations.filter((violation) => violation.startsWith('I1:'))).toHaveLength(1);
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

describe('of a limit of 3 messages a minute', () => {
  const sends = (...stays: [sentMs: number, ackedMs: number][]) =>
    stays.flatMap(([sentMs, ackedMs], n) => {
      const sent = { type: 'send', device: 'alice:phone', id: `m${n}`, conversation_id: 'c_one' } as const;
      const ok = { ...sent, phase: 'ok', client_seq: n, conv_seq: n + 2, dup: false } as const;
      return [{ ...sent, phase: 'invoke', sha256: 'x', at_ms: sentMs } as const, { ...ok, at_ms: ackedMs }];
    });
  const overLimit = (events: HistoryEvent[]): string[] =>
    checkHistory(events, { messagesPerMinute: 3 }).filter((violation) => violation.startsWith('I13'));

  test('three in any minute are no violation, nor are four of which one may lie outside', () => {
    expect(overLimit(sends([0, 1], [10, 11], [20, 21], [60_000, 60_001], [60_010, 60_011]))).toEqual([]);
    expect(overLimit(sends([0, 1], [10, 11], [20, 21], [30, 60_000]))).toEqual([]);
  });

  test('four that were all accepted within one minute are caught, wherever the minute begins', () => {
    const says = 'I13: alice had 4 messages accepted within 60 s, with a limit of 3';
    expect(overLimit(sends([0, 1], [10, 11], [20, 21], [30, 59_999]))).toEqual([says]);
    const later = sends([0, 1], [50_000, 50_001], [70_000, 70_001], [90_000, 90_001], [109_000, 109_999]);
    expect(overLimit(later)).toEqual([says]);
  });
});

test('a hundred thousand events are checked within seconds', () => {
  const events: HistoryEvent[] = [{ type: 'conversation', conversation_id: 'c', devices: ['a:1', 'b:1'] }];
  for (let n = 1; n <= 25_000; n++) {
    const sent = { type: 'send', device: 'a:1', id: `m${n}`, conversation_id: 'c' } as const;
    const place = { conv_seq: n, client_seq: n };
    events.push({ ...sent, phase: 'invoke', sha256: 'x' }, { ...sent, phase: 'ok', ...place, dup: false });
    const arrival = { type: 'recv', device: 'b:1', from: 'a:1', id: `m${n}`, conversation_id: 'c' } as const;
    events.push({ ...arrival, ...place, seq: n, sha256: 'x', again: false });
    events.push({ type: 'device-ack', device: 'b:1', through: n });
  }
  const startedAtMs = performance.now();
  expect(checkHistory(events, { messagesPerMinute: 1 })).toEqual([]);
  expect(performance.now() - startedAtMs).toBeLessThan(10_000);
});

describe('a group', () => {
  const GROUP = 'c_group';
  /** alice, bob and carol; carol is removed at 3, and must not get what is sent at 4. */
  function groupHistory(): HistoryEvent[] {
    const said = (id: string, conv_seq: number): HistoryEvent[] => {
      const sent = { type: 'send', device: 'alice:phone', id, conversation_id: GROUP } as const;
      return [
        { ...sent, phase: 'invoke', sha256: id },
        { ...sent, phase: 'ok', client_seq: conv_seq, conv_seq, dup: false },
      ];
    };
    const arrives = (device: string, id: string, seq: number, conv_seq: number): HistoryEvent => ({
      ...{ type: 'recv', device, from: 'alice:phone', id, conversation_id: GROUP },
      ...{ seq, conv_seq, client_seq: conv_seq, sha256: id, again: false },
    });
    const removal = { conversation_id: GROUP, conv_seq: 3, added: [], removed: ['carol:phone'] };
    return [
      { type: 'conversation', conversation_id: GROUP, devices: ['alice:phone', 'bob:phone', 'carol:phone'] },
      ...said('one', 2),
      arrives('bob:phone', 'one', 1, 2),
      arrives('carol:phone', 'one', 1, 2),
      { type: 'membership', ...removal, acked: true },
      { type: 'membership', ...removal, acked: false },
      ...said('two', 4),
      arrives('bob:phone', 'two', 2, 4),
    ];
  }
  const leak = (conv_seq: number): HistoryEvent => ({
    ...{ type: 'recv', device: 'carol:phone', from: 'alice:phone', id: 'two', conversation_id: GROUP },
    ...{ seq: 2, conv_seq, client_seq: 4, sha256: 'two', again: false },
  });

  test('whose members come and go needs to reach each device only while it takes part', () => {
    expect(checkHistory(groupHistory())).toEqual([]);
  });

  test('leaks when a message reaches a device that was removed before it, at its place or at an older one', () => {
    expect(checkHistory([...groupHistory(), leak(4)])).toEqual([
      'I4: alice:phone/two on carol:phone leaked: the device does not belong to c_group',
      'I16: alice:phone/two was sent after carol:phone had been removed, and reached it',
    ]);
    // whatever place the server claims for it
    const earlier = [...groupHistory(), leak(3)];
    expect(checkHistory(earlier).filter((violation) => violation.startsWith('I16'))).toHaveLength(1);
  });

  test('loses a message when a device that was added before does not get it', () => {
    const back = { conversation_id: GROUP, conv_seq: 3, added: ['dave:phone'], removed: [], acked: true };
    const events = groupHistory().filter(({ type }) => type !== 'membership');
    expect(checkHistory([...events, { type: 'membership', ...back }])).toEqual([
      'I1: alice:phone/two was acked at 4 and never delivered to carol:phone',
      'I1: alice:phone/two was acked at 4 and never delivered to dave:phone',
    ]);
  });
});
