// node src/webhooks.ts create URL EVENT… | list | rotate ID | remove ID | dead ID | replay ID: backends that are told what happens. With auth's own
// options; who may run this is who has auth's POSTGRES_URL. A secret is shown once, on standard output.
import { parseArgs } from 'node:util';
import { createEndpoints, openPool, readConfig } from '@securechat/kernel';
import { atTerminal } from './admin/once.ts';
import { allWebhookEvents, type WebhookEvent } from './admin/webhook-events.ts';
import { createWebhookAdmin, type WebhookAdmin } from './admin/webhooks.ts';
import { runCommand, UsageError } from './command.ts';
import { webhookOptions } from './config.ts';

const CONNECT_MS = 30_000;
const USAGE = `Usage: node src/webhooks.ts create URL EVENT…
       node src/webhooks.ts list
       node src/webhooks.ts rotate ID | remove ID | dead ID | replay ID
Events: ${allWebhookEvents.join(', ')}`;

type Act = (webhooks: WebhookAdmin, args: readonly string[]) => Promise<string>;

const acts: Readonly<Record<string, Act>> = {
  async create(webhooks, [url = '', ...events]) {
    const unknown = events.find((event) => !allWebhookEvents.includes(event as WebhookEvent));
    if (events.length === 0 || unknown !== undefined)
      throw new UsageError(unknown === undefined ? 'Which events?' : `There is no event ${unknown}.`);
    const { id, secret } = await webhooks.create(atTerminal, { url, events: [...new Set(events)] });
    return `${id}\n${secret}`;
  },
  async list(webhooks) {
    const found = await webhooks.list();
    if (found.length === 0) return 'There are no webhooks.';
    return found
      .map(
        ({ id, url, events, waiting, dead }) =>
          `${id}  ${url}  ${events.join(',')}  ${waiting} waiting  ${dead} given up`,
      )
      .join('\n');
  },
  rotate: async (webhooks, [id = '']) => (await webhooks.rotate(atTerminal, id)).secret,
  async remove(webhooks, [id = '']) {
    await webhooks.remove(atTerminal, id);
    return `${id} is told nothing more`;
  },
  async dead(webhooks, [id = '']) {
    const found = await webhooks.listDead(id);
    if (found.length === 0) return 'Nothing was given up.';
    return found
      .map(
        ({ id: event, type, at, data, attempts, failure }) =>
          `${event}  ${at.toISOString()}  ${type}  ${JSON.stringify(data)}  ${attempts} attempts, the last one: ${failure}`,
      )
      .join('\n');
  },
  replay: async (webhooks, [id = '']) => `${await webhooks.replay(atTerminal, id)} are sent again`,
};

async function run(): Promise<string> {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [word = '', ...rest] = positionals;
  const act = Object.hasOwn(acts, word) ? acts[word] : undefined;
  if (act === undefined) throw new UsageError('What is to be done?');
  const { config, secrets } = readConfig(webhookOptions);
  const pool = openPool(secrets.postgresUrl, {
    applicationName: 'webhooks',
    max: 1,
    connectTimeoutMs: CONNECT_MS,
  });
  try {
    const endpoints = createEndpoints(config.webhookAllowedOrigins);
    return await act(createWebhookAdmin({ pool, endpoints }), rest);
  } finally {
    await pool.end();
  }
}

await runCommand(USAGE, run);
