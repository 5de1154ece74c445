import type { Message, MessageStatus } from '@securechat/client';
import { Icon, type IconName } from '../parts/icon.tsx';

const TICKS: Record<MessageStatus, { icon: IconName; label: string }> = {
  queued: { icon: 'clock', label: 'Waiting to be sent' },
  sent: { icon: 'up', label: 'Sent' },
  stored: { icon: 'check', label: 'Stored by the server' },
  delivered: { icon: 'checks', label: 'Delivered' },
  read: { icon: 'checks', label: 'Read' },
  failed: { icon: 'alert', label: 'Not sent' },
};

/** The delivery status of an own message. */
export function StatusTicks({ message }: { message: Message }) {
  if (message.status === undefined) return null;
  const { icon, label } = TICKS[message.status];
  return (
    <span class={`ticks is-${message.status}`} role="img" aria-label={label} title={label}>
      <Icon name={icon} />
    </span>
  );
}

export function statusLabel(message: Message): string {
  return message.status === undefined ? '' : TICKS[message.status].label;
}
