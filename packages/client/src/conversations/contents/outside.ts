import type { Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import type { Arrival } from './apply.ts';

/** Only in direct conversations and among own devices, since it concerns nobody else; not from a stranger whose request is not accepted. */
export function applyOutside(
  core: Core,
  step: Step,
  by: Arrival,
  { body }: Content<'application/x-securechat-outside'>,
): void {
  const { purpose, log, isRequest } = step.record;
  if ((purpose === 'people' && log.kind === 'group') || isRequest) return;
  step.draft.after(() => core.tell.lettingIn({ by, told: body }));
}
