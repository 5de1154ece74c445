// The server at S3_TEST_ENDPOINT, where tests create and delete buckets.
import type { BucketOptions } from '../../services/files/src/blobs/bucket.ts';
import { answers } from '../../services/files/src/testing/test-bucket.ts';

export type S3Server = Omit<BucketOptions, 'bucket'>;

/** Undefined where none is configured. Throws the remedy when it does not accept its keys. */
export async function givenS3Server(remedy: string): Promise<S3Server | undefined> {
  const { S3_TEST_ENDPOINT: endpoint, S3_TEST_ACCESS_KEY, S3_TEST_SECRET_KEY, S3_TEST_REGION } = process.env;
  if (!endpoint) return undefined;
  const region = S3_TEST_REGION ?? 'us-east-1';
  const server = {
    endpoint,
    region,
    accessKey: S3_TEST_ACCESS_KEY ?? '',
    secretKey: S3_TEST_SECRET_KEY ?? '',
  };
  if (await answers(server)) return server;
  throw new Error(`${endpoint} does not answer to these keys.\n${remedy}`);
}
