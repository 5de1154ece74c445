import type { Described, Words } from '../command.ts';
import type { Output } from '../output/output.ts';
import type { AdminApi } from './api/api.ts';

export type AdminCall = Words & { readonly api: AdminApi; readonly out: Output };

/** A command after `securechat admin` that calls the admin API. With `--json` it prints the API's answer, one entry per line. */
export type ApiCommand = Described & { run(call: AdminCall): Promise<void> };
