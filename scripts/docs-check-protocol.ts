// Checks docs/protocol.md against the code, in both directions. Each check returns its findings as text.
import { neededCapability } from '../packages/protocol/src/capabilities.ts';
import {
  type CloseReason,
  closeCodes,
  closeTexts,
  mayReconnect,
} from '../packages/protocol/src/close-codes.ts';
import { type ErrorName, errors, errorTexts } from '../packages/protocol/src/errors.ts';
import { decodeDownstream, decodeUpstream } from '../packages/protocol/src/frame/decode.ts';
import { downstream, type MessageDefinition, upstream } from '../packages/protocol/src/index.ts';
import * as limits from '../packages/protocol/src/limits.ts';
import {
  BREAKER_HALF_OPENS_AFTER_MS,
  BREAKER_OPENS_AFTER,
  DEFAULT_RETRY_POLICY,
  RECONNECT_JITTER,
  RECONNECT_LADDER_MS,
  retryDelayMs,
} from '../packages/protocol/src/retry-policy.ts';
import { contexts, type FieldTable, reservedContexts } from '../packages/protocol/src/signing/contexts.ts';
import { refusals } from '../services/auth/src/enrolment/outcome.ts';
import { options } from '../services/gateway/src/config.ts';
import { allowedIn, connectionStates } from '../services/gateway/src/connection/states.ts';
import { limits as gatewayLimits } from '../services/gateway/src/limits/table.ts';
import { bare, codeSpans, jsonBlocks, read, rowsOf, section, sections } from './docs-check-markdown.ts';

type Definition = MessageDefinition;
type Shape = { properties: Record<string, Shape>; required?: string[]; items?: Shape; anyOf?: Shape[] };

const page = read('docs/protocol.md');
const up: Record<string, Definition> = upstream;
const down: Record<string, Definition> = downstream;
const definitions = new Map<string, Definition>(Object.entries({ ...up, ...down }));
const number = (value: number): string => value.toLocaleString('en-US');
const hex = (id: number): string => `0x${id.toString(16).padStart(4, '0')}`;

/** Items that only one side has. Items are whole rows, so a differing value shows as both. */
function differences(what: string, inCode: readonly string[], inDocs: readonly string[]): string[] {
  return [
    ...inCode.filter((item) => !inDocs.includes(item)).map((item) => `${what}: missing in the page: ${item}`),
    ...inDocs.filter((item) => !inCode.includes(item)).map((item) => `${what}: not in the code: ${item}`),
    ...(new Set(inDocs).size < inDocs.length ? [`${what}: a row stands twice`] : []),
  ];
}

const messageSections = () =>
  sections(page, 3).filter(({ title }) => /^[a-z0-9_]+ \(0x[0-9a-f]{4}\)$/.test(title));

export function checkCapabilities(): string[] {
  const needs = Object.entries(neededCapability).flatMap(([name, needed]) =>
    needed ? [`${name} | ${needed}`] : [],
  );
  const inPage = rowsOf(section(page, 'Login'), 'Message', 'Needs').map((row) => row.map(bare).join(' | '));
  return differences('needed capabilities', needs, inPage);
}

export function checkCatalogue(): string[] {
  const cap = (bytes: number | undefined): string => (bytes === undefined ? '–' : number(bytes));
  const rows = [...definitions.values()].map(({ name, id }) =>
    [hex(id), name, cap(up[name]?.maxUpBytes), cap(down[name]?.maxDownBytes)].join(' | '),
  );
  const inPage = rowsOf(section(page, 'Messages'), 'Number', 'Name').map((row) => row.map(bare).join(' | '));
  const titles = [...definitions.values()].map(({ name, id }) => `${name} (${hex(id)})`);
  return [
    ...differences('catalogue', rows, inPage),
    ...differences(
      'sections of messages',
      titles,
      messageSections().map(({ title }) => title),
    ),
  ];
}

/** One of the two halves of a message's section. */
function direction(body: string, label: 'Client → server' | 'Server → client'): string | undefined {
  return body
    .split(/^(?=\*\*(?:Client → server|Server → client)\*\*)/m)
    .find((part) => part.startsWith(`**${label}**`));
}

function fieldRows(part: string): string[] {
  return rowsOf(part, 'Field', 'Type', 'Required').map(
    ([field, , required]) => `${bare(field ?? '')} ${required}`,
  );
}

function shapeRows(shape: Shape): string[] {
  const required = new Set(shape.required);
  return Object.keys(shape.properties).map((field) => `${field} ${required.has(field) ? 'yes' : 'no'}`);
}

/** `up` comes first: the table of the other direction may list only additional fields. */
export function checkFields(): string[] {
  return messageSections().flatMap(({ title, body }) => {
    const name = title.split(' ')[0] ?? '';
    const upPart = direction(body, 'Client → server');
    const downPart = direction(body, 'Server → client');
    const isAddition = downPart?.split('\n')[0]?.includes('the fields above') === true;
    const known = isAddition && upPart ? fieldRows(upPart) : [];
    const check = (label: string, shape: unknown, rows: string[] | undefined): string[] => {
      if (shape === undefined) return rows ? [`${name}: does not go ${label}`] : [];
      return rows
        ? differences(`${name} ${label}`, shapeRows(shape as Shape), rows)
        : [`${name}: no part ${label}`];
    };
    return [
      ...check('up', up[name]?.up, upPart === undefined ? undefined : fieldRows(upPart)),
      ...check(
        'down',
        down[name]?.down,
        downPart === undefined ? undefined : [...known, ...fieldRows(downPart)],
      ),
    ];
  });
}

export function checkSharedObjects(): string[] {
  const shape = (definition: { down: unknown }): Shape => definition.down as Shape;
  const inCode: Record<string, Shape | undefined> = {
    server_cert: shape(downstream.server_hello).properties.server_cert,
    handover: shape(downstream.server_hello).properties.handovers?.items,
    retry_policy: shape(downstream.session_ready).properties.retry_policy,
    device: shape(downstream.device_list).properties.devices?.items,
    'key bundle': shape(downstream.key_bundle).properties.bundles?.items,
    delivery: shape(downstream.chat).properties.delivery,
    watermark: shape(downstream.sync_page).properties.receipts?.items,
  };
  const parts = section(page, 'Shared objects').split(/^(?=\*\*)/m);
  return Object.entries(inCode).flatMap(([name, object]) => {
    const part = parts.find((candidate) => candidate.startsWith(`**${name}**`));
    if (!part || !object) return [`shared object ${name} is missing`];
    return differences(`shared object ${name}`, shapeRows(object), fieldRows(part));
  });
}

/** Each direction has an example, which its decoder accepts. */
export function checkExamples(): string[] {
  return messageSections().flatMap(({ title, body }) => {
    const name = title.split(' ')[0] ?? '';
    const id = definitions.get(name)?.id ?? -1;
    const check = (
      part: string | undefined,
      decode: (type: number, payload: Uint8Array) => unknown,
    ): string[] => {
      if (part === undefined) return [];
      const examples = jsonBlocks(part);
      if (examples.length === 0) return [`${name}: a direction has no example`];
      return examples.flatMap((example) => {
        try {
          decode(id, new TextEncoder().encode(example));
          return [];
        } catch (error) {
          return [
            `${name}: an example is refused: ${error instanceof Error ? error.message : String(error)}`,
          ];
        }
      });
    };
    return [
      ...check(direction(body, 'Client → server'), decodeUpstream),
      ...check(direction(body, 'Server → client'), decodeDownstream),
    ];
  });
}

export function checkErrors(): string[] {
  const inCode = Object.entries(errors).map(([name, { code, retry }]) =>
    [name, code, retry, errorTexts[name as ErrorName]].join(' | '),
  );
  const inPage = rowsOf(section(page, 'Errors'), 'Name', 'Code', 'Retry', 'Text');
  return differences(
    'errors',
    inCode,
    inPage.map((row) => row.slice(0, 4).join(' | ')),
  );
}

export function checkCloseCodes(): string[] {
  const inCode = Object.entries(closeCodes).map(([name, code]) =>
    [code, name, mayReconnect(code) ? 'yes' : 'no', closeTexts[name as CloseReason]].join(' | '),
  );
  const inPage = rowsOf(section(page, 'Close codes'), 'Code', 'Name', 'Come back', 'Text');
  return differences(
    'close codes',
    inCode,
    inPage.map((row) => row.slice(0, 4).join(' | ')),
  );
}

export function checkLimits(): string[] {
  const inCode = Object.entries(limits).map(([name, value]) => `${name} | ${number(value)}`);
  const inPage = rowsOf(section(page, 'Limits'), 'Name', 'Value').map((row) => row.slice(0, 2).join(' | '));
  return differences('limits', inCode, inPage);
}

/** A heading may name several contexts that share a table. */
export function checkContexts(): string[] {
  const row = (context: string, [tag, field, kind]: FieldTable[number]): string =>
    [context, tag, field, kind].join(' | ');
  const inCode = Object.entries(contexts).flatMap(([context, table]) =>
    (table as FieldTable).map((entry) => row(context, entry)),
  );
  const inPage = sections(page.slice(page.indexOf('\n## Signed bytes')), 3).flatMap(({ title, body }) =>
    title
      .split(', ')
      .flatMap((context) =>
        rowsOf(body, 'Tag', 'Field', 'Kind').map((cells) => [context, ...cells].join(' | ')),
      ),
  );
  const named = codeSpans(section(page, 'Signed bytes'));
  const unnamed = reservedContexts.filter((context) => !named.includes(context));
  return [
    ...differences('signing contexts', inCode, inPage),
    ...unnamed.map((context) => `reserved signing context ${context} is not named`),
  ];
}

export function checkStates(): string[] {
  const inCode = connectionStates.flatMap((state) => [
    state,
    ...allowedIn[state].map((name) => `${state} ${name}`),
  ]);
  const inPage = rowsOf(section(page, 'Connection'), 'State', "Seed's state").flatMap(
    ([state = '', , accepted = '']) => [state, ...codeSpans(accepted).map((name) => `${state} ${name}`)],
  );
  return differences('connection states', inCode, inPage);
}

export function checkRefusals(): string[] {
  const inCode = Object.entries(refusals).map(([name, { status, error }]) =>
    [name, status, error].join(' | '),
  );
  const inPage = rowsOf(section(page, 'Enrolment over HTTP'), 'Refusal', 'Status', 'Error').map((row) =>
    row.join(' | '),
  );
  return differences('refusals of enrolment', inCode, inPage);
}

/** Numbers in running text. Each must occur in these words. */
export function checkNumbers(): string[] {
  const text = page.replace(/\s+/g, ' ');
  const {
    pings,
    lookups,
    syncs,
    strangers,
    blocks,
    faults,
    denials,
    excesses,
    persistentExcesses,
    excessPauseMs,
  } = gatewayLimits;
  const ladder = RECONNECT_LADDER_MS.map(seconds).join(', ');
  const retries = [1, 2, 3].map((attempt) => seconds(retryDelayMs(DEFAULT_RETRY_POLICY, attempt, 0.5) ?? 0));
  const phrases = [
    `${options.messagesPerMinute.default} messages in any 60 s`,
    `${options.groupOperationsPerMinute.default} group operations in any 60 s`,
    `${options.globalMessagesPerSecond.default?.toLocaleString('en')} messages and group operations in any second`,
    `${(options.bandwidthPerMinute.default ?? 0) / 1e9} GB of frames in 60 s`,
    `| ${options.connectionsPerUser.default} connections at once`,
    `| ${options.connectionsPerAddress.default} connections at once`,
    `The login as a whole has ${seconds(options.handshakeTimeoutMs.default ?? 0)} s by default`,
    `| ${options.handshakesPerSecond.default} handshakes in a second`,
    `${pings.count} pings in ${seconds(pings.windowMs)} s`,
    `${syncs.count} \`resume\` and \`sync\` together in ${seconds(syncs.windowMs)} s`,
    `More than ${strangers.count} \`UNKNOWN_TYPE\` in ${seconds(strangers.windowMs)} s stop the reading`,
    `${lookups.count} \`device_list\` in ${seconds(lookups.windowMs)} s`,
    `${blocks.count} \`block\`, \`unblock\` and \`block_list\` in ${seconds(blocks.windowMs)} s`,
    `More than ${faults.count} faults of form or signature in ${seconds(faults.windowMs)} s`,
    `More than ${excesses.count} \`RATE_LIMITED\` answers in ${seconds(excesses.windowMs)} s`,
    `More than ${denials.count} \`PERMISSION_DENIED\` stop it`,
    `stop the reading of the socket for ${seconds(excessPauseMs)} s each, more than ${persistentExcesses.count} end it`,
    `waits ${ladder}, ${seconds(RECONNECT_LADDER_MS.at(-1) ?? 0)} … s, each varied by ±${RECONNECT_JITTER * 100} %`,
    `After ${BREAKER_OPENS_AFTER} failures in a row`,
    `once more after ${BREAKER_HALF_OPENS_AFTER_MS / 60_000} minutes`,
    `${DEFAULT_RETRY_POLICY.max_retries} retries after ${retries[0]}, ${retries[1]} and ${retries[2]} s, ±${DEFAULT_RETRY_POLICY.jitter_factor * 100} %`,
    `without an answer after ${seconds(limits.ACK_TIMEOUT_MS)} s is sent again`,
    `nothing heard for ${seconds(limits.PEER_GONE_AFTER_MS)} s`,
    `${limits.UNACKED_WINDOW} unacknowledged positions`,
    `at most ${limits.MAX_PACKED_FRAMES} frames or ${limits.MAX_PACKED_BYTES / 1024} KiB`,
  ];
  return phrases
    .filter((phrase) => !text.includes(phrase))
    .map((phrase) => `docs/protocol.md does not say: ${phrase}`);
}

function seconds(ms: number): number {
  return ms / 1000;
}
