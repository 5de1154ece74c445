import { UsageError } from '../../command.ts';
import { inColumns } from '../../output/columns.ts';
import type { AdminCall, ApiCommand } from '../admin-command.ts';
import { calls } from '../api/calls.ts';

type Act = (call: AdminCall, id: string) => Promise<void>;

/** Actions on one webhook. */
const acts: Readonly<Record<string, Act>> = {
  async rotate({ api, flags, out }, id) {
    const answer = await api.ask(calls.rotateWebhook, { params: { webhook_id: id } });
    if (flags.has('json')) return out.json(answer);
    out.text(answer.secret);
    out.hint('For a day, events are also signed with the old secret.');
  },
  async remove({ api, flags, out }, id) {
    const answer = await api.ask(calls.removeWebhook, { params: { webhook_id: id } });
    if (flags.has('json')) out.json(answer);
    else out.text(`${id} receives no more events.`);
  },
  async dead({ api, flags, out }, id) {
    const { events } = await api.ask(calls.listDead, { params: { webhook_id: id } });
    if (flags.has('json')) for (const event of events) out.json(event);
    else
      for (const line of inColumns(
        events.map(({ event_id, type, timestamp, attempts, failure }) => [
          event_id,
          timestamp,
          type,
          `${attempts} attempts, the last one: ${failure}`,
        ]),
      ))
        out.text(line);
  },
  async replay({ api, flags, out }, id) {
    const answer = await api.ask(calls.replayDead, { params: { webhook_id: id } });
    if (flags.has('json')) out.json(answer);
    else out.text(`${answer.replayed} will be sent again.`);
  },
};

export const webhooks: ApiCommand = {
  usage: '[list | create URL EVENT … | rotate ID | remove ID | dead ID | replay ID]',
  takes: [0, Number.MAX_SAFE_INTEGER],
  summary: 'list and manage webhooks, and the events they did not accept',
  async run(call) {
    const [word = 'list', target, ...more] = call.args;
    if (word === 'list' && target === undefined) return list(call);
    const act = Object.hasOwn(acts, word) ? acts[word] : undefined;
    if (word === 'create' && target !== undefined && more.length > 0) return create(call, target, more);
    if (!act || target === undefined || more.length > 0)
      throw new UsageError(`securechat admin webhooks takes ${webhooks.usage}.`);
    await act(call, target);
  },
};

async function list({ api, flags, out }: AdminCall): Promise<void> {
  const { webhooks: found } = await api.ask(calls.listWebhooks);
  if (flags.has('json')) for (const webhook of found) out.json(webhook);
  else
    for (const line of inColumns(
      found.map(({ webhook_id, url, events, waiting, dead }) => [
        webhook_id,
        `${waiting} waiting`,
        `${dead} given up`,
        events.join(','),
        url,
      ]),
    ))
      out.text(line);
}

async function create({ api, flags, out }: AdminCall, url: string, events: string[]): Promise<void> {
  const answer = await api.ask(calls.createWebhook, { body: { url, events: [...new Set(events)] } });
  if (flags.has('json')) return out.json(answer);
  out.text(`${answer.webhook_id}\n${answer.secret}`);
  out.hint('The secret is shown only once.');
}
