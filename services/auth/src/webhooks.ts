// node src/webhooks.ts create URL EVENT… | list | rotate ID | remove ID | dead ID | replay ID: backends that are
// notified of events. Uses auth's own options; open to whoever has auth's POSTGRES_URL. A secret is shown once, on
// standard output.
import { parseArgs } from 'node:util';
import { createEndpoints, noWords, oneWord, readConfig, runCommand, UsageError } from '@securechat/kernel';
import { atTerminal } from './admin/once.ts';
import { allWebhookEvents, type WebhookEvent } from './admin/webhook-events.ts';
import { createWebhookAdmin, type WebhookAdmin } from './admin/webhooks.ts';
import { webhookOptions } from './config.ts';
import { withPool } from './with-pool.ts';

const USAGE = `Usage: node src/webhooks.ts create URL EVENT…
       node src/webhooks.ts list
       node src/webhooks.ts rotate ID | remove ID | dead ID | replay ID
Events: ${allWebhookEvents.join(', ')}`;

type Act = (webhooks: WebhookAdmin) => Promise<string>;

/** The action for each first word, from the words after it. */
const acts: Readonly<Record<string, (words: readonly string[]) => Act>> = {
  create([url = '', ...events]) {
    const unknown = events.find((event) => !allWebhookEvents.includes(event as WebhookEvent));
    if (events.length === 0 || unknown !== undefined)
      throw new UsageError(unknown === undefined ? 'Which events?' : `There is no event ${unknown}.`);
    return async (webhooks) => {
      const { id, secret } = await webhooks.create(atTerminal, { url, events: [...new Set(events)] });
      return `${id}\n${secret}`;
    };
  },
  list(words) {
    noWords(words);
    return list;
  },
  rotate(words) {
    const id = oneWord('ID', words);
    return async (webhooks) => (await webhooks.rotate(atTerminal, id)).secret;
  },
  remove(words) {
    const id = oneWord('ID', words);
    return async (webhooks) => {
      await webhooks.remove(atTerminal, id);
      return `${id} is told nothing more`;
    };
  },
  dead(words) {
    const id = oneWord('ID', words);
    return (webhooks) => listDead(webhooks, id);
  },
  replay(words) {
    const id = oneWord('ID', words);
    return async (webhooks) => `${await webhooks.replay(atTerminal, id)} are sent again`;
  },
};

async function list(webhooks: WebhookAdmin): Promise<string> {
  const found = await webhooks.list();
  if (found.length === 0) return 'There are no webhooks.';
  return found
    .map(
      ({ id, url, events, waiting, dead }) =>
        `${id}  ${url}  ${events.join(',')}  ${waiting} waiting  ${dead} given up`,
    )
    .join('\n');
}

async function listDead(webhooks: WebhookAdmin, id: string): Promise<string> {
  const found = await webhooks.listDead(id);
  if (found.length === 0) return 'Nothing was given up.';
  return found
    .map(
      ({ id: event, type, at, data, attempts, failure }) =>
        `${event}  ${at.toISOString()}  ${type}  ${JSON.stringify(data)}  ${attempts} attempts, the last one: ${failure}`,
    )
    .join('\n');
}

async function run(): Promise<string> {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [word = '', ...rest] = positionals;
  const read = Object.hasOwn(acts, word) ? acts[word] : undefined;
  if (read === undefined) throw new UsageError('What is to be done?');
  const act = read(rest);
  const { config, secrets } = readConfig(webhookOptions);
  const endpoints = createEndpoints(config.webhookAllowedOrigins);
  return withPool('webhooks', secrets.postgresUrl, (pool) => act(createWebhookAdmin({ pool, endpoints })));
}

await runCommand(USAGE, run);
