import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { afterAll, expect } from '@jest/globals';
import { rowsOf } from '@securechat/testkit';
import type { Locator } from 'playwright-core';
import { accessibilityFaults } from './support/accessibility.ts';
import type { Person } from './support/person.ts';
import { useWeb } from './support/use-web.ts';

/** Six million at once and then half a million a second: a file of eight takes long enough to be seen on its way. */
const slow = { FILE_BYTES_PER_MINUTE: '30MB' };
const web = useWeb({ files: 1, env: { gateway: slow, files: slow } });
const { test } = web.stack;

const DEADLINE_MS = 240_000;

const folder = mkdtempSync(join(tmpdir(), 'securechat-web-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Files of the disk, as a person chooses them; a browser knows their type by their names. */
async function attach(person: Person, ...files: { name: string; bytes: Uint8Array }[]): Promise<void> {
  for (const { name, bytes } of files) writeFileSync(join(folder, name), bytes);
  const choosing = person.page.waitForEvent('filechooser');
  await person.page.getByRole('button', { name: 'Send files' }).click();
  await (await choosing).setFiles(files.map(({ name }) => join(folder, name)));
}

/** What the browser writes to disk. */
async function save(person: Person, name: string): Promise<Buffer> {
  const [download] = await Promise.all([
    person.page.waitForEvent('download', { timeout: 60_000 }),
    person.page.getByRole('button', { name: `Save ${name}`, exact: true }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(name);
  return readFileSync(await download.path());
}

const bar = (person: Person, label: string): Locator =>
  person.page.getByRole('progressbar', { name: label, exact: true });
const picture = (person: Person, name: string): Locator =>
  person.page.getByRole('img', { name, exact: true });

async function openPair(): Promise<{ alice: Person; bob: Person }> {
  const alice = await web.person('alice');
  const bob = await web.person('bob', { gateway: 1 });
  await alice.begin(bob.name);
  await alice.say('Hello');
  return { alice, bob };
}

test(
  'a picture is shown as one, drawn anew, once its sender has been accepted; what only calls itself one is a file',
  async () => {
    const { alice, bob } = await openPair();
    await attach(alice, { name: 'hills.png', bytes: makePng(640, 400) });
    await alice.sees('hills.png');
    await bob.look(alice.name);
    await bob.sees('hills.png');
    expect(await picture(bob, 'hills.png').count()).toBe(0);

    await bob.accept(alice.name);
    for (const person of [alice, bob]) {
      await picture(person, 'hills.png').waitFor();
      const shown = await picture(person, 'hills.png').evaluate((image: HTMLImageElement) => [
        ...[image.naturalWidth, image.naturalHeight],
        image.src.slice(0, 5),
      ]);
      expect(shown).toEqual([640, 400, 'blob:']);
    }
    expect(await accessibilityFaults(bob.page)).toEqual([]);

    const page = Buffer.from('<!doctype html><script>document.title = "taken over"</script>');
    // black and white, eight pixels to a byte: a few kilobytes on the line
    const huge = makePng(8_000, 4_000, { depth: 1, colours: 0, rows: Buffer.alloc(4_000 * (1 + 1_000)) });
    await attach(alice, { name: 'page.png', bytes: page }, { name: 'huge.png', bytes: huge });
    await bob.sees('huge.png');
    expect((await save(bob, 'page.png')).equals(page)).toBe(true);
    await screenshot(bob, 'pictures');
    expect(await bob.page.getByRole('article').locator('img.file-picture').count()).toBe(1);
  },
  DEADLINE_MS,
);

test(
  'a photograph is sent without where it was taken, and is turned as before',
  async () => {
    const { alice, bob } = await openPair();
    await bob.accept(alice.name);
    const drawn = await drawJpeg(alice, 64, 40);
    // to be turned by a quarter, and with what a camera adds
    const exif = `Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0GPS: at home`;
    const photograph = Buffer.concat([
      drawn.subarray(0, 2),
      Buffer.from([0xff, 0xe1, 0, exif.length + 2]),
      Buffer.from(exif, 'latin1'),
      drawn.subarray(2),
      Buffer.from('GPS: also behind it'),
    ]);
    await attach(alice, { name: 'garden.jpg', bytes: photograph });
    await picture(bob, 'garden.jpg').waitFor();
    const size = await picture(bob, 'garden.jpg').evaluate((image: HTMLImageElement) => [
      ...[image.naturalWidth, image.naturalHeight],
    ]);
    expect(size).toEqual([40, 64]);
    const saved = await save(bob, 'garden.jpg');
    expect(saved.includes('GPS')).toBe(false);
    expect(saved.subarray(-1_000).equals(drawn.subarray(-1_000))).toBe(true);
  },
  DEADLINE_MS,
);

test(
  'any other file shows how far it is on both sides, waits and goes on when told to, and comes out as it went in',
  async () => {
    const { alice, bob } = await openPair();
    await bob.accept(alice.name);
    const content = randomBytes(8_000_000);
    await attach(alice, { name: 'plans.bin', bytes: content });
    const sending = bar(alice, 'Sending plans.bin');
    await sending.waitFor();
    await until(sending, (value) => value > 1_000_000);
    await alice.page.getByRole('button', { name: 'Pause: Sending plans.bin' }).click();
    await alice.page.getByText(/^paused, \d/).waitFor();
    await screenshot(alice, 'sending');
    expect(await accessibilityFaults(alice.page)).toEqual([]);
    // what was under way may still arrive
    await alice.page.waitForTimeout(2_000);
    const paused = await shareOf(sending);
    await alice.page.waitForTimeout(2_000);
    expect(await shareOf(sending)).toBe(paused);
    expect(await bob.bubble('plans.bin').count()).toBe(0);
    await alice.page.getByRole('button', { name: 'Resume: Sending plans.bin' }).click();
    await until(sending, (value) => value > paused);

    await bob.sees('plans.bin');
    const saving = save(bob, 'plans.bin');
    const receiving = bar(bob, 'Receiving plans.bin');
    await receiving.waitFor();
    await until(receiving, (value) => value > 1_000_000);
    await screenshot(bob, 'receiving');
    expect((await saving).equals(content)).toBe(true);
    await receiving.waitFor({ state: 'detached' });
    const [files] = web.stack.constellation.files;
    const carried = await files?.metrics();
    expect(
      carried?.sum('securechat_files_chunks_total', { direction: 'read', path: 'http' }),
    ).toBeGreaterThan(0);
  },
  DEADLINE_MS,
);

test(
  'files that are let fall on a conversation are sent one after the other, and one that is cancelled does not come',
  async () => {
    const { alice, bob } = await openPair();
    await bob.accept(alice.name);
    await dropInto(alice, 'Conversation', [
      { name: 'large.bin', size: 60_000_000 },
      { name: 'notes.txt', size: 20 },
    ]);
    await until(bar(alice, 'Sending large.bin'), (value) => value > 0);
    expect(await shareOf(bar(alice, 'Sending notes.txt'))).toBe(0);
    await alice.page.getByRole('button', { name: 'Cancel: Sending large.bin' }).click();
    await bob.sees('notes.txt');
    expect(await bob.bubble('large.bin').count()).toBe(0);
    expect((await save(bob, 'notes.txt')).toString()).toBe('x'.repeat(20));
  },
  DEADLINE_MS,
);

test(
  'a file whose message is deleted for everyone is gone from the server',
  async () => {
    const { alice, bob } = await openPair();
    await bob.accept(alice.name);
    const before = await keptFiles();
    await attach(alice, { name: 'wrong.txt', bytes: Buffer.from('for somebody else') });
    await bob.sees('wrong.txt');
    expect(await keptFiles()).toBe(before + 1);
    await alice.bubble('wrong.txt').hover();
    await alice.page.getByRole('button', { name: 'Delete for everyone' }).click();
    await alice.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await bob.sees('Message deleted');
    expect(await keptFiles()).toBe(before);
  },
  DEADLINE_MS,
);

async function keptFiles(): Promise<number> {
  const { postgresUrl } = web.stack.constellation.stores;
  const query = `SELECT count(*)::int AS n FROM files.files WHERE state = 'complete'`;
  const [row] = await rowsOf<{ n: number }>(postgresUrl, query);
  return row?.n ?? Number.NaN;
}

/** What the browser makes of coloured noise. */
async function drawJpeg({ page }: Person, width: number, height: number): Promise<Buffer> {
  const url = await page.evaluate(
    ([width, height]) => {
      const canvas = Object.assign(document.createElement('canvas'), { width, height });
      const context = canvas.getContext('2d');
      const pixels = context?.createImageData(width, height);
      pixels?.data.forEach((_, index) => {
        pixels.data[index] = (index * 7919) % 256;
      });
      if (pixels) context?.putImageData(pixels, 0, 0);
      return canvas.toDataURL('image/jpeg');
    },
    [width, height] as const,
  );
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
}

const shareOf = (progress: Locator): Promise<number> =>
  progress.evaluate((element: HTMLProgressElement) => element.value);

/** Waits within the deadline of the page until it shows that much. */
async function until(progress: Locator, isReached: (value: number) => boolean): Promise<void> {
  for (let value = 0; !isReached(value); value = await shareOf(progress))
    await progress.page().waitForTimeout(20);
}

async function dropInto(
  person: Person,
  place: string,
  files: { name: string; size: number }[],
): Promise<void> {
  await person.page.getByRole('main', { name: place }).evaluate((main, given) => {
    const dataTransfer = new DataTransfer();
    for (const { name, size } of given) dataTransfer.items.add(new File(['x'.repeat(size)], name));
    for (const type of ['dragover', 'drop'])
      main.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }, files);
}

/** For people: into the folder that SCREENSHOTS names, if it does. */
async function screenshot(person: Person, name: string): Promise<void> {
  const { SCREENSHOTS: folder } = process.env;
  if (folder !== undefined) await person.page.screenshot({ path: `${folder}/web-files-${name}.png` });
}

type Pixels = { depth: number; colours: number; rows: Buffer };

function makePng(width: number, height: number, pixels = hills(width, height)): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([pixels.depth, pixels.colours], 8);
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  const parts = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels.rows)),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([signature, ...parts]);
}

/** Hills before a sky, in red, green and blue. */
function hills(width: number, height: number): Pixels {
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isHill = y > height * (0.6 + 0.15 * Math.sin(x / 60));
      rows.set(
        isHill ? [60, 110 + (y % 40), 70] : [150, 190, 255 - (y % 80)],
        y * (1 + 3 * width) + 1 + 3 * x,
      );
    }
  }
  return { depth: 8, colours: 2, rows };
}
