/** A real page of WhatsApp Web, stored, in the place of the one that is served: at its real origin, in a real browser. */
import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import { afterAll, expect, test, vi } from 'vitest';
import { packagedBuild } from '../../../cli/packaged-build.ts';
import { systemTime } from '../../../container/base/time.ts';
import { fetchSavedPage } from '../../../container/whatsapp/saved-page.ts';
import { startSimulator } from '../../../simulator/simulator.ts';
import { Bench } from './harness.ts';

const bench = new Bench();
afterAll(() => bench.close());

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, hide: () => {} };

/** Storage that answers every GET with this text. */
const serving = async (text: string) => {
  const server = createServer((_request, response) => void response.end(text));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}/page`, close: () => server.close() };
};

test('the browser shows the stored page in place of the live one', async () => {
  const simulator = await startSimulator();
  const build = await packagedBuild(undefined, undefined);
  const storage = await serving(build.html);
  const page = await fetchSavedPage({
    page: { version: build.version, url: storage.url, sha256: hash('sha256', build.html) },
    workDir: await bench.folder(),
    time: systemTime,
    log,
  });
  storage.close();
  if (!page) throw new Error('the page was not fetched');
  const client = await bench.client(simulator, await bench.folder(), {
    webVersion: page.version,
    webVersionCache: { type: 'local', path: page.folder, strict: true },
  });
  // Its scripts are WhatsApp's own and cannot be loaded here: the start ends with the browser.
  client.initialize().catch(() => {});
  const shown = await vi.waitFor(async () => {
    const html = await client.pupPage?.content();
    expect(html).toContain(build.version);
    return html;
  }, 30_000);
  expect(shown).not.toContain('Simulated WhatsApp Web');
  expect(client.pupPage?.url()).toBe('https://web.whatsapp.com/');
  await client.destroy();
  await simulator.close();
});

test('a page that is not the announced one, or is not there, leaves the start with the live page', async () => {
  const storage = await serving('<!doctype html>another');
  const workDir = await bench.folder();
  const announced = { version: '2.3000.1', url: storage.url, sha256: hash('sha256', 'something else') };
  expect(await fetchSavedPage({ page: announced, workDir, time: systemTime, log })).toBeUndefined();
  storage.close();
  expect(await fetchSavedPage({ page: undefined, workDir, time: systemTime, log })).toBeUndefined();
});
