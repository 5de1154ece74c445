import type { Message } from '@securechat/client';
import { allLines } from './devices.ts';
import { awake, type World } from './moves.ts';
import { type Place, whereabouts } from './server.ts';

/** For so many messages that are lost the server is asked: more would tell the same. */
const ASKED_FOR = 20;

export type Verdict = {
  conversations: number;
  lines: number;
  lost: string[];
  doubled: string[];
  unreadable: string[];
  alarms: string[];
};

type Told = { device: string; me: Pick<Place, 'userId' | 'deviceId'>; joinedPlace: number; lines: Message[] };

/** What every device that is still a member shows, against what all of them together have. */
export async function judge(world: World, postgresUrl: string): Promise<Verdict> {
  const verdict: Verdict = { conversations: 0, lines: 0, lost: [], doubled: [], unreadable: [], alarms: [] };
  const byConversation = new Map<string, Told[]>();
  for (const device of awake(world)) {
    const name = `${device.userId}:${device.deviceId}`;
    verdict.alarms.push(...device.alarms.map((alarm) => `${name} ${alarm}`));
    for (const { id, isMember } of device.client.conversations()) {
      if (!isMember) continue;
      const bytes = device.disk.get(`conversation/${id}`);
      const { joinedPlace } = JSON.parse(new TextDecoder().decode(bytes)) as { joinedPlace: number };
      const told = {
        device: name,
        me: device.client.me,
        joinedPlace,
        lines: await allLines(device.client, id),
      };
      byConversation.set(id, [...(byConversation.get(id) ?? []), told]);
    }
  }
  for (const [id, all] of byConversation) {
    verdict.conversations += 1;
    for (const { line, ...place } of judgeOne(id, all, verdict)) {
      const where = verdict.lost.length < ASKED_FOR ? `: ${await whereabouts(postgresUrl, place)}` : '';
      verdict.lost.push(`${line}${where}`);
    }
  }
  return verdict;
}

/** Returns what was not shown although others have it. */
function judgeOne(id: string, all: readonly Told[], verdict: Verdict): (Place & { line: string })[] {
  const unseen: (Place & { line: string })[] = [];
  const everything = new Map<string, number>();
  for (const { lines } of all) {
    for (const { body, place, id: messageId } of lines) {
      if (body.type === 'text' && place !== undefined) everything.set(messageId, place);
    }
  }
  verdict.lines += everything.size;
  for (const { device, me, joinedPlace, lines } of all) {
    const seen = new Map<string, number>();
    for (const { id: messageId, body, status, failure } of lines) {
      seen.set(messageId, (seen.get(messageId) ?? 0) + 1);
      const where = `${device} in ${id}: ${messageId}`;
      if (body.type === 'missing') verdict.unreadable.push(`${where} ${body.reason}`);
      if (status === 'queued' || status === 'sent') verdict.lost.push(`${where} is ${status} for ever`);
      if (failure !== undefined) verdict.lost.push(`${where} has failed: ${failure}`);
    }
    for (const [messageId, times] of seen)
      if (times > 1) verdict.doubled.push(`${device} in ${id}: ${messageId}`);
    for (const [messageId, place] of everything) {
      if (place > joinedPlace && !seen.has(messageId))
        unseen.push({ ...me, conversation: id, place, line: `${device} in ${id}: ${messageId} at ${place}` });
    }
  }
  return unseen;
}
