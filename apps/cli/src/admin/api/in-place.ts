import { checkerOf, type Schema, Type } from '@securechat/protocol';
import { CommandFailed } from '../../failures.ts';
import { jsonIn } from '../json-in.ts';
import type { Place } from '../places/place.ts';
import { textFrom } from '../places/run.ts';
import { type AdminAnswer, type Transport, Unreachable } from './transport.ts';

/** Starts a program there first, which takes one or two seconds, or twenty on two busy cores. */
const DEADLINE_MS = 60_000;

const Answer = Type.Object({ status: Type.Integer(), text: Type.String() });
const check = checkerOf(Answer as Schema);

/** Through a program beside auth, which has the admin token and keeps it. The request goes through a pipe, because others can see arguments. */
export function inPlaceTransport(place: Place): Transport {
  return async (request) => {
    const start = await place.start({ service: 'auth', file: 'call-admin.ts', args: [], isAsked: true });
    try {
      return answerIn(await textFrom(start, { input: JSON.stringify(request), deadlineMs: DEADLINE_MS }));
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      throw new Unreachable(error.message, error.advice, { isRetryable: true });
    }
  };
}

function answerIn(text: string): AdminAnswer {
  const value = jsonIn(text);
  if (check(value))
    throw new CommandFailed('What answered is not the program of auth', 'Is it of this release?');
  return value as AdminAnswer;
}
