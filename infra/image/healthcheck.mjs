// Exit code 0 when HEALTH_URL answers 200: the slim base image has no curl. node:http, because fetch takes four times as long to load.
import { get } from 'node:http';

get(process.env.HEALTH_URL ?? '', { timeout: 2_000 }, ({ statusCode }) =>
  process.exit(statusCode === 200 ? 0 : 1),
)
  .once('timeout', () => process.exit(1))
  .once('error', () => process.exit(1));
