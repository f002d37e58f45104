/** Which build of WhatsApp Web a session loads, seen in the page that its worker met. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { BUILDS } from '../../../simulator/builds.ts';
import { shared } from '../../helpers/shared.ts';
import { type System, startSystem } from '../../helpers/system.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const OLD = BUILDS['2026-04'].version;
const LIVE = BUILDS['2026-07'].version;

const open = shared(
  () => startSystem(),
  (system) => system.stop(),
);
beforeAll(() => open());

/** The page of the older build, as it was saved when WhatsApp still served it. */
const savedPage = async (): Promise<string> => {
  const html = await readFile(new URL('../../../simulator/page/index.html', import.meta.url), 'utf8');
  return html.replace('<html', `<html data-build="2026-04" data-missing-module="" data-version="${OLD}"`);
};

/** Starts a session and waits for its QR code; the build that its worker met. */
const buildMet = async ({ berth }: System, name: string): Promise<string | null> => {
  await berth.sessions.create({ name });
  await berth.sessions.waitForStatus(name, 'SCAN_QR_CODE');
  // The page's version is read beside the start, and may be reported a moment after the code.
  const build = await vi.waitFor(async () => {
    const { engine } = await berth.sessions.get(name);
    expect(engine.build).not.toBeNull();
    return engine.build;
  }, 20_000);
  await berth.sessions.delete(name);
  return build;
};

describe.sequential('builds of WhatsApp Web', () => {
  test('a start loads the live build, and a pinned one in its place until it is unpinned', async () => {
    const system = open();
    const { berth } = system;
    expect(await buildMet(system, 'live')).toBe(LIVE);
    await berth.engine.saveBuild(OLD, { html: await savedPage(), expiresAt: '2099-01-01T00:00:00.000Z' });
    await berth.engine.set({ pinned: OLD });
    expect(await buildMet(system, 'pinned')).toBe(OLD);
    await berth.engine.set({ pinned: null });
    expect(await buildMet(system, 'unpinned')).toBe(LIVE);
    const { builds } = await berth.engine.get();
    expect(builds).toMatchObject([
      { version: LIVE, live: true, saved: null, lastDay: { starts: 2, codes: 2, failures: 0 } },
      { version: OLD, live: false, saved: { expired: false }, lastDay: { starts: 1, codes: 1, failures: 0 } },
    ]);
  });

  test('a live build that breaks every start is left for the stored one that worked, within ten starts', async () => {
    const system = open();
    const { berth, phone } = system;
    await phone.setFaults({ missingModule: 'WAWebConnModel' });
    // Each worker starts a broken client a few times before it gives up.
    for (const name of ['breaks-1', 'breaks-2']) {
      await berth.sessions.create({ name });
      const ended = await berth.sessions.waitForStatus(name, 'FAILED');
      expect(ended).toMatchObject({ stopReason: 'crashed' });
    }
    const view = await berth.engine.get();
    expect(view).toMatchObject({ mode: 'fallback', target: OLD, failing: true });
    // Nine starts in ten load the stored build; a probe of the live one may come first.
    await berth.engine.set({ probePercent: 1 });
    expect(await buildMet(system, 'saved')).toBe(OLD);
    await phone.setFaults({ missingModule: '' });
  });
});
