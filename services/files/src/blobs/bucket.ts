import { addAbortSignal, type Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { isError, type Logger, RetryableError } from '@securechat/kernel';
import { MAX_FILE_CHUNK_BYTES } from '@securechat/protocol';

export type BucketOptions = {
  endpoint: string;
  region: string;
  bucket: string;
  accessKey: string;
  secretKey: string;
};

type StoredObject = { name: string; modifiedMs: number };

/** A bucket on an S3-compatible server. Each call has a deadline; transient failures are RetryableErrors. */
export type Bucket = {
  /** Throws when the bucket is missing or not ours. An unreachable server is logged and does not prevent the start. */
  check(logger: Logger): Promise<void>;
  put(name: string, bytes: Buffer): Promise<void>;
  get(name: string): Promise<Buffer>;
  /** Succeeds also when it does not exist. */
  remove(name: string): Promise<void>;
  /** A page of objects in name order, after this name. */
  list(after: string): Promise<{ objects: StoredObject[]; isLast: boolean }>;
  close(): void;
};

/** For one call including its second attempt. A chunk has 256 KiB. */
const DEADLINE_MS = 10_000;
const CONNECT_MS = 3_000;
const TRIES = 2;
/** More than the chunks that one process has in flight. */
const MOST_SOCKETS = 64;
/** Errors that the server's administrator must fix; waiting does not help. */
const MISCONFIGURED = new Map([
  [301, 'It is in another region: name that in FILES_S3_REGION.'],
  [400, 'Is FILES_S3_ENDPOINT the address of a server that speaks S3, and FILES_S3_REGION its region?'],
  [401, 'Does the server know FILES_S3_ACCESS_KEY and FILES_S3_SECRET_KEY?'],
  [
    403,
    'FILES_S3_ACCESS_KEY must be of somebody who may list, read, write and delete in it, and FILES_S3_SECRET_KEY be right.',
  ],
  [404, 'Make it, or name another one in FILES_S3_BUCKET.'],
]);

/** The library is loaded only if there is a bucket. */
export async function openBucket(options: BucketOptions): Promise<Bucket> {
  const s3 = await import('@aws-sdk/client-s3');
  const { bucket: Bucket } = options;
  const client: S3Client = new s3.S3Client({
    endpoint: options.endpoint,
    region: options.region,
    credentials: { accessKeyId: options.accessKey, secretAccessKey: options.secretKey },
    // bucket names as hosts need their own certificates and DNS
    forcePathStyle: true,
    maxAttempts: TRIES,
    // not every server knows the newer checksums; the hash over all bytes is checked before anyone may have them
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: DEADLINE_MS,
      httpAgent: { maxSockets: MOST_SOCKETS },
      httpsAgent: { maxSockets: MOST_SOCKETS },
    },
  });

  return {
    async check(logger) {
      try {
        await client.send(new s3.HeadBucketCommand({ Bucket }), within());
      } catch (error) {
        const status = statusOf(error);
        if (status !== undefined && MISCONFIGURED.has(status))
          throw new Error(
            `The bucket ${Bucket} at ${options.endpoint} cannot be used: HTTP ${status}. ${MISCONFIGURED.get(status)}`,
          );
        logger.warn(
          { reason: nameOf(error) },
          'the bucket is not reachable; it is tried again when it is needed',
        );
      }
    },

    async put(Key, Body) {
      await retryable(() => client.send(new s3.PutObjectCommand({ Bucket, Key, Body }), within()));
    },

    async get(Key) {
      const { abortSignal } = within();
      return await retryable(async () => {
        const { Body } = await client.send(new s3.GetObjectCommand({ Bucket, Key }), { abortSignal });
        return await bytesOf(addAbortSignal(abortSignal, Body as Readable));
      });
    },

    async remove(Key) {
      await retryable(() => client.send(new s3.DeleteObjectCommand({ Bucket, Key }), within()));
    },

    async list(after) {
      const StartAfter = after === '' ? {} : { StartAfter: after };
      const command = new s3.ListObjectsV2Command({ Bucket, ...StartAfter });
      const { Contents = [], IsTruncated } = await retryable(() => client.send(command, within()));
      const objects = Contents.map(({ Key = '', LastModified }) => ({
        name: Key,
        modifiedMs: LastModified?.getTime() ?? Number.POSITIVE_INFINITY,
      }));
      return { objects, isLast: IsTruncated !== true || objects.length === 0 };
    },

    close: () => client.destroy(),
  };
}

const within = (): { abortSignal: AbortSignal } => ({ abortSignal: AbortSignal.timeout(DEADLINE_MS) });

/** The library's error may contain the request: only its name is passed on. */
async function retryable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new RetryableError(`the bucket did not do it: ${nameOf(error)}`);
  }
}

/** No object of ours is larger, whatever the server sends. */
async function bytesOf(body: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_FILE_CHUNK_BYTES) throw new RangeError('an object is larger than any chunk');
    parts.push(part);
  }
  return Buffer.concat(parts, bytes);
}

function nameOf(error: unknown): string {
  const status = statusOf(error);
  return `${isError(error) ? error.name : 'unknown'}${status === undefined ? '' : ` (HTTP ${status})`}`;
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
