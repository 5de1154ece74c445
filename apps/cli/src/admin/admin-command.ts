import type { Described, Words } from '../command.ts';
import type { Output } from '../output/output.ts';
import type { AdminApi } from './api/api.ts';

export type AdminCall = Words & { readonly api: AdminApi; readonly out: Output };

/** One word after `securechat admin` that asks the admin API. With `--json` it prints what the API has answered, an entry a line. */
export type ApiCommand = Described & { run(call: AdminCall): Promise<void> };
