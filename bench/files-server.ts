// The minimum a server can do with a file: receives a body and counts its bytes. bench:files starts it as a separate process.
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { fastify } from 'fastify';

const app = fastify({ bodyLimit: Number.MAX_SAFE_INTEGER });
app.addContentTypeParser('*', (_request, body: Readable, done) => done(null, body));
app.put('/', async (request) => {
  let bytes = 0;
  for await (const part of request.body as AsyncIterable<Buffer>) bytes += part.length;
  return { bytes };
});
await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.((app.server.address() as AddressInfo).port);
