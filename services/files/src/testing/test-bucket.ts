import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  ListBucketsCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { type Bucket, type BucketOptions, openBucket } from '../blobs/bucket.ts';

/** The S3 server that `npm run test:s3` has found; undefined in other runs. */
export function testServer(): Omit<BucketOptions, 'bucket'> | undefined {
  const { TEST_S3_ENDPOINT: endpoint, TEST_S3_ACCESS_KEY, TEST_S3_SECRET_KEY, TEST_S3_REGION } = process.env;
  if (!endpoint) return undefined;
  return {
    endpoint,
    region: TEST_S3_REGION ?? 'us-east-1',
    accessKey: TEST_S3_ACCESS_KEY ?? '',
    secretKey: TEST_S3_SECRET_KEY ?? '',
  };
}

export type TestBucket = {
  options: BucketOptions;
  bucket: Bucket;
  contents(): Promise<{ name: string; bytes: number }[]>;
  /** Including its contents. */
  drop(): Promise<void>;
};

/** A new bucket on this server, for one test file. */
export async function createTestBucket(server: Omit<BucketOptions, 'bucket'>): Promise<TestBucket> {
  const options = { ...server, bucket: `test-${randomBytes(6).toString('hex')}` };
  const client = clientOf(server);
  await client.send(new CreateBucketCommand({ Bucket: options.bucket }));
  const bucket = await openBucket(options);

  async function contents(): Promise<{ name: string; bytes: number }[]> {
    const pages = paginateListObjectsV2({ client }, { Bucket: options.bucket });
    const all: { name: string; bytes: number }[] = [];
    for await (const { Contents = [] } of pages)
      all.push(...Contents.map(({ Key = '', Size = 0 }) => ({ name: Key, bytes: Size })));
    return all;
  }

  return {
    options,
    bucket,
    contents,
    async drop() {
      for (const { name } of await contents()) await bucket.remove(name);
      await client.send(new DeleteBucketCommand({ Bucket: options.bucket }));
      client.destroy();
      bucket.close();
    },
  };
}

/** Whether a server answers there and accepts these keys. */
export async function answers(server: Omit<BucketOptions, 'bucket'>): Promise<boolean> {
  const client = clientOf(server);
  try {
    await client.send(new ListBucketsCommand(), { abortSignal: AbortSignal.timeout(2_000) });
    return true;
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}

function clientOf({ endpoint, region, accessKey, secretKey }: Omit<BucketOptions, 'bucket'>): S3Client {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
}
