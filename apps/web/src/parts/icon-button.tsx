import type { ComponentProps } from 'preact';
import { Icon, type IconName } from './icon.tsx';

type Properties = Omit<ComponentProps<'button'>, 'icon' | 'label'> & { icon: IconName; label: string };

/** A button with an icon, and a name for screen readers. */
export function IconButton({ icon, label, ...rest }: Properties) {
  return (
    <button
      type="button"
      {...rest}
      class={`icon-button ${rest.class ?? ''}`}
      aria-label={label}
      title={label}
    >
      <Icon name={icon} />
    </button>
  );
}
