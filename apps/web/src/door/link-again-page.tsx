import type { Link } from '@securechat/client';
import { useEffect } from 'preact/hooks';
import { LinkAnswer, linkFailure } from './link-answer.tsx';
import type { Door } from './opening.ts';
import type { OpeningControls } from './use-opening.ts';
import { Card } from './waiting-pages.tsx';

type Properties = { door: Door; link: Link; controls: OpeningControls };

/** Shown after a reload while this device was being linked. */
export function LinkAgainPage({ door, link, controls }: Properties) {
  useEffect(() => {
    let isHere = true;
    link.done.then(
      (client) => (isHere ? controls.enter(door, client) : client.close()),
      (error: unknown) => (isHere ? controls.fail(door, linkFailure(error)) : undefined),
    );
    return () => {
      isHere = false;
      link.cancel();
    };
  }, [link]);
  return (
    <Card title="Link this device">
      <LinkAnswer code={link.code} />
      <button type="button" class="button" onClick={() => controls.stay(door)}>
        Cancel
      </button>
    </Card>
  );
}
