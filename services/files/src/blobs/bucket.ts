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

/** A bucket of a server that speaks S3. Each call has a deadline; what fails by the world's fault is a RetryableError. */
export type Bucket = {
  /** Throws when the bucket is not there or not ours. That its server is away is logged, and no reason not to start. */
  check(logger: Logger): Promise<void>;
  put(name: string, bytes: Buffer): Promise<void>;
  get(name: string): Promise<Buffer>;
  /** Also when it is not there. */
  remove(name: string): Promise<void>;
  /** A page of objects in the order of their names, behind that of this name. */
  list(after: string): Promise<{ objects: StoredObject[]; isLast: boolean }>;
  close(): void;
};

/** For one call with its second attempt. A chunk has 256 KiB. */
const DEADLINE_MS = 10_000;
const CONNECT_MS = 3_000;
const TRIES = 2;
/** More than chunks are under way at once in one process. */
const MOST_SOCKETS = 64;
/** What the server's administrator has to put right, and no time does. */
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

/** The library is loaded by those only who have a bucket. */
export async function openBucket(options: BucketOptions): Promise<Bucket> {
  const s3 = await import('@aws-sdk/client-s3');
  const { bucket: Bucket } = options;
  const client: S3Client = new s3.S3Client({
    endpoint: options.endpoint,
    region: options.region,
    credentials: { accessKeyId: options.accessKey, secretAccessKey: options.secretKey },
    // names of buckets as hosts need certificates and a DNS of their own
    forcePathStyle: true,
    maxAttempts: TRIES,
    // not every server knows the newer checksums; the hash of all bytes is compared before anybody may have them
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

/** The error of the library may hold the request: only its name goes on. */
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
