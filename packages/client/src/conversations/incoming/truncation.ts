import type { Downstream } from '@securechat/protocol';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import { positions } from '../timeline/positions.ts';
import { addEntry } from '../timeline/timeline.ts';
import { alarmOf } from './alarms.ts';

/** The server reports that it dropped messages because too many were waiting for this device. The user sees a placeholder. */
export function takeTruncation(core: Core, step: Step, item: Downstream<'history_truncated'>): Promise<void> {
  const { dropped, delivery } = item;
  step.draft.after(() =>
    core.tell.alarm(alarmOf(item, 'gap', `${dropped} messages were dropped by the server`)),
  );
  if (!step.found) return Promise.resolve();
  const id = `truncated:${delivery.conv_seq}`;
  addEntry(step, positions.behind(delivery.conv_seq, 0), {
    ...{ id, from: core.own.userId, deviceId: core.own.deviceId, sentAtMs: delivery.server_ts_ms },
    body: { type: 'missing', reason: 'truncated', count: dropped },
  });
  // the senders' numbering starts afresh after the gap
  step.change({ heard: {}, lastPlace: Math.max(step.record.lastPlace, delivery.conv_seq) });
  step.draft.after(() => core.tell.message(step.id, id, true));
  return Promise.resolve();
}
