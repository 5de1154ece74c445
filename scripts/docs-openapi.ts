// node scripts/run.mjs scripts/docs-openapi.ts: writes docs/openapi.json from the routes of auth's admin API.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Admin } from '../services/auth/src/admin/admin.ts';
import type { LimitsAdmin } from '../services/auth/src/admin/limits.ts';
import type { WebhookAdmin } from '../services/auth/src/admin/webhooks.ts';
import { openApiDocument } from '../services/auth/src/http/admin/openapi.ts';
import { adminRoutes } from '../services/auth/src/http/admin/routes.ts';
import { read } from './docs-check-markdown.ts';
import { ROOT } from './tools.ts';

const PAGE = 'docs/openapi.json';

/** The document describes only shapes; nothing is called. */
const openApiPage = (): string =>
  `${JSON.stringify(openApiDocument(adminRoutes({} as Admin, {} as WebhookAdmin, {} as LimitsAdmin)), undefined, 2)}\n`;

export function checkOpenApi(): string[] {
  if (read(PAGE) === openApiPage()) return [];
  return [`${PAGE} is out of date: run node scripts/run.mjs scripts/docs-openapi.ts`];
}

if (import.meta.main) writeFileSync(join(ROOT, PAGE), openApiPage());
