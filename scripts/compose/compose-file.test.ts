import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ROOT } from '../tools.ts';

type Service = { image: string; build?: { args?: { SERVICE?: string }; target: string } };

const { services } = parse(readFileSync(join(ROOT, 'infra/docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
};

/** Two builds of one name are two images: at the next start, containers of one would be replaced, because the other has taken the name. */
test('each image of ours is built by one service of the compose file, and as the one that it is called', () => {
  const ours = Object.values(services).filter(({ image }) => image.includes('SECURECHAT_REGISTRY'));
  const named = (image: string): string | undefined => /\/([a-z]+):/.exec(image)?.[1];
  const built = ours.filter(({ build }) => build !== undefined);
  expect(built.map(({ image }) => named(image)).sort()).toEqual(
    [...new Set(ours.map(({ image }) => named(image)))].sort(),
  );
  for (const { image, build } of built) expect(build?.args?.SERVICE ?? build?.target).toBe(named(image));
});
