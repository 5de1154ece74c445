// Nanoseconds per frame of every step that a chat passes through, each measured alone in one process.
import { sha256, verifySignature } from '@securechat/crypto/sign';
import {
  decodeBase64,
  decodeUpstream,
  downstream,
  encodeDownstream,
  encodeFrame,
  FrameReader,
  HEADER_BYTES,
  transcript,
  type Upstream,
  upstream,
  upstreamLimit,
} from '@securechat/protocol';
import { type ChatRecord, packEntry, stampPayload, unpackEntry } from '@securechat/protocol/internal';
import { alice, bob } from '@securechat/testkit';
import { chatFrames, routeBetween } from './generator/chat-frames.ts';
import { median } from './measure/statistics.ts';
import { formatNumber, formatSpread, formatTable } from './measure/table.ts';

const SAMPLES = 5;
const SAMPLE_MS = 200;
/** Frames in one packed entry, about as many as under load. */
const PACKED = 16;
/** Signatures checked to measure the cost of one. */
const VERIFIED = 5_000;

export type CodecRow = { step: string; samplesNs: number[] };

/** `ratioOf`: how a figure compares with a different measurement. */
export function runCodec(ratioOf: (step: string, ns: number) => string): CodecRow[] {
  const frame = chatFrames([routeBetween(alice, bob)])(0, 1);
  console.log(
    `\ncodec: one chat, payload of ${frame.length - HEADER_BYTES} bytes; ${SAMPLES} samples of ${SAMPLE_MS} ms`,
  );
  const rows = Object.entries(stepsFor(frame)).map(([step, { work, frames = 1 }]) => ({
    step,
    samplesNs: sample(work).map((ns) => ns / frames),
  }));
  const cells = rows.map(({ step, samplesNs }) => [
    ...[step, ...formatSpread(samplesNs), perSecond(samplesNs)],
    ratioOf(step, median(samplesNs)),
  ]);
  console.log(formatTable([['step', 'ns/frame', 'min – max', 'frames/s', 'of baseline'], ...cells]));
  return rows;
}

/** CPU time of one signature check, independent of other load. */
export function verifyMicros(): number {
  const { verify } = stepsFor(chatFrames([routeBetween(alice, bob)])(0, 1));
  if (!verify) throw new Error('there is no such step');
  timeOf(verify.work, VERIFIED / 10);
  const before = process.cpuUsage();
  timeOf(verify.work, VERIFIED);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / VERIFIED;
}

type Step = { work: () => unknown /** Frames that one call deals with. */; frames?: number };

function stepsFor(frame: Uint8Array): Record<string, Step> {
  const payload = frame.subarray(HEADER_BYTES);
  const message = decodeUpstream(upstream.chat.id, payload) as Upstream<'chat'>;
  const signed = transcript('envelope', message);
  const signature = Buffer.from(message.signature, 'base64');
  const { publicKey, key } = alice.device(0);
  const stamp = { seq: 123_456, conv_seq: 65_432, server_ts_ms: Date.now() };
  const stamped = stampPayload(payload, stamp);
  const records = Array.from({ length: PACKED }, () => ({ head: headOf(message), body: payload }));
  const entry = packEntry(records);
  const reader = new FrameReader(upstreamLimit);
  const together = Buffer.concat(Array.from({ length: PACKED }, () => frame));
  const publicBytes = Buffer.from(publicKey, 'base64');
  return {
    'reader: frame in a chunk of its own': { work: () => reader.read(frame, ignore) },
    [`reader: ${PACKED} frames in a chunk`]: { work: () => reader.read(together, ignore), frames: PACKED },
    decodeUpstream: { work: () => decodeUpstream(upstream.chat.id, payload) },
    'JSON.parse alone, to compare': { work: () => JSON.parse(Buffer.from(payload).toString()) },
    transcript: { work: () => transcript('envelope', message) },
    'transcript: decodeBase64 of the payload': { work: () => decodeBase64(message.payload) },
    'sha256 of the transcript': { work: () => sha256(signed).toString('base64') },
    verify: { work: () => verifySignature(publicBytes, signed, signature) },
    'sign (client)': { work: () => key.sign(signed) },
    stampPayload: { work: () => stampPayload(payload, stamp) },
    'encodeFrame of the stamped': { work: () => encodeFrame(downstream.chat.id, stamped) },
    'encodeDownstream of an ack': { work: () => encodeDownstream('ack', ackOf(message)) },
    [`packEntry, ${PACKED} records`]: { work: () => packEntry(records), frames: PACKED },
    [`unpackEntry, ${PACKED} records`]: { work: () => unpackEntry(entry), frames: PACKED },
  };
}

const ignore = (): void => undefined;

function headOf(message: Upstream<'chat'>): ChatRecord {
  return {
    type: 'chat',
    gateway: 'gateway-1.0123456789ab',
    connection: 123,
    user: 1234,
    device: 12_345,
    at: Date.now(),
    id: message.id,
    hash: sha256(Buffer.from(message.id)).toString('base64'),
    conversation: message.conversation_id,
    client_seq: message.client_seq,
    epoch: message.epoch,
    to: message.to,
  };
}

function ackOf({ id, conversation_id }: Upstream<'chat'>) {
  const place = { conversation_id, conv_seq: 65_432, server_ts_ms: Date.now() };
  return { type: 'ack', ref: id, status: 'stored', ...place } as const;
}

/** Nanoseconds per call, one value per sample. */
function sample(work: () => unknown): number[] {
  const calls = callsIn(work, SAMPLE_MS);
  return Array.from({ length: SAMPLES }, () => (timeOf(work, calls) * 1e6) / calls);
}

/** Also warms up: the last trial is as long as a sample. */
function callsIn(work: () => unknown, ms: number): number {
  for (let calls = 16; ; calls *= 2) {
    const took = timeOf(work, calls);
    if (took >= ms / 2) return Math.ceil((calls * ms) / took);
  }
}

let sink: unknown;
function timeOf(work: () => unknown, calls: number): number {
  const startedAtMs = performance.now();
  // assigned, so that no call can be optimised away
  for (let call = 0; call < calls; call++) sink = work();
  const took = performance.now() - startedAtMs;
  if (sink === timeOf) throw new Error('unreachable');
  return took;
}

function perSecond(samplesNs: readonly number[]): string {
  return formatNumber(Math.round(1e9 / median(samplesNs)));
}
