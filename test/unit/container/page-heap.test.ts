import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer';
import { expect, it, vi } from 'vitest';
import { ensureBrowser } from '../../../container/browser/find.ts';
import { launchOptions } from '../../../container/browser/launch.ts';
import { heapOf, type PageHeap, watchPageHeap } from '../../../container/whatsapp/page-heap.ts';
import { type ManualTime, manualTime } from '../../helpers/manual-time.ts';

vi.setConfig({ testTimeout: 60_000 });

const MIB = 1024 * 1024;
const LOOK_MS = 30_000;

/** A page whose collection takes `pauseMs` and brings it down to `floor`. */
class FakeHeap implements PageHeap {
  bytes: number;
  collections = 0;
  readonly #time: ManualTime;
  readonly #floor: number;
  readonly #pauseMs: number;

  constructor(time: ManualTime, floor: number, pauseMs: number) {
    this.#time = time;
    this.#floor = floor;
    this.#pauseMs = pauseMs;
    this.bytes = floor;
  }

  held = async () => this.bytes;
  collect = async () => {
    await new Promise<void>((resolve) => this.#time.after(this.#pauseMs, resolve));
    this.collections += 1;
    this.bytes = this.#floor;
  };
}

const watched = (heap: () => PageHeap | undefined, time: ManualTime) => {
  const ending = new AbortController();
  const watching = watchPageHeap({ time, signal: ending.signal, heap });
  return {
    end: async () => {
      ending.abort();
      await watching;
    },
  };
};

it('collects a page after its start, and again once two more MiB are held', async () => {
  const time = manualTime();
  const page = new FakeHeap(time, 6 * MIB, 15);
  const { end } = watched(() => page, time);
  await time.advance(LOOK_MS + 15);
  expect(page.collections).toBe(1);
  page.bytes = 8 * MIB - 1;
  await time.advance(10 * LOOK_MS);
  expect(page.collections).toBe(1);
  page.bytes = 8 * MIB;
  await time.advance(LOOK_MS + 15);
  expect(page.collections).toBe(2);
  await end();
  page.bytes = 100 * MIB;
  await time.advance(2 * LOOK_MS);
  expect(page.collections).toBe(2);
});

it('lets a page that takes long stand still for a thousandth of the time at most', async () => {
  const time = manualTime();
  const pauseMs = 600;
  const page = new FakeHeap(time, 200 * MIB, pauseMs);
  const { end } = watched(() => page, time);
  const began = time.now();
  for (let look = 0; look < 240; look += 1) {
    page.bytes = 300 * MIB;
    await time.advance(LOOK_MS);
  }
  expect(page.collections).toBe(Math.ceil((time.now() - began) / (pauseMs * 1000 + LOOK_MS)));
  await end();
});

it('measures the successor of a page that is gone by what the successor holds', async () => {
  const time = manualTime();
  const first = new FakeHeap(time, 200 * MIB, 15);
  const second = new FakeHeap(time, 6 * MIB, 15);
  let page: PageHeap | undefined = first;
  const { end } = watched(() => page, time);
  await time.advance(LOOK_MS + 15);
  page = {
    held: async () => {
      throw new Error('Session closed.');
    },
    collect: async () => {},
  };
  await time.advance(LOOK_MS);
  page = undefined;
  await time.advance(LOOK_MS);
  page = second;
  await time.advance(LOOK_MS);
  expect(second.collections).toBe(0);
  second.bytes = 8 * MIB;
  await time.advance(LOOK_MS + 15);
  expect(second.collections).toBe(1);
  await end();
});

it('frees what a real page no longer uses: its objects, those of the browser, and buffers', async () => {
  const found = await ensureBrowser({ browserDir: join(tmpdir(), 'berth-test-browser') });
  const profileDir = await mkdtemp(join(tmpdir(), 'berth-page-heap-'));
  const browser = await puppeteer.launch(
    launchOptions({ browser: found, profileDir, extraSwitches: ['--headless'] }),
  );
  try {
    const page = await browser.newPage();
    const heap = heapOf(page);
    await heap.collect();
    const before = await heap.held();
    await page.evaluate(`
      globalThis.kept = [
        Array.from({ length: 200_000 }, (_, n) => ({ n })),
        Array.from({ length: 20_000 }, () => new Headers()),
        new ArrayBuffer(${8 * MIB}),
      ];
      0`);
    expect(await heap.held()).toBeGreaterThan(before + 12 * MIB);
    await heap.collect();
    expect(await heap.held()).toBeGreaterThan(before + 12 * MIB);
    await page.evaluate('globalThis.kept = undefined; 0');
    await heap.collect();
    expect(await heap.held()).toBeLessThan(before + MIB);
    await page.close();
    await expect(heap.held()).rejects.toThrow();
  } finally {
    await browser.close();
    await rm(profileDir, { recursive: true, force: true, maxRetries: 3 });
  }
});
