import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { launchOptions } from '../../../container/browser/launch.ts';
import {
  COMMAND_STAGES_MS,
  QR_WAIT_SECONDS,
  TIMEOUT_ORDER,
  TIMEOUTS_MS,
} from '../../../contract/timeouts.ts';
import { API_TIMEOUT_SECONDS } from '../../../infra/functions.ts';

test('each layer gives up before the one around it, with time left for its answer', () => {
  expect([...TIMEOUT_ORDER].sort()).toEqual(Object.keys(TIMEOUTS_MS).sort());
  const limits = TIMEOUT_ORDER.map((layer) => TIMEOUTS_MS[layer]);
  for (const [n, limit] of limits.entries()) {
    const outer = limits[n + 1];
    if (outer !== undefined) expect(outer - limit).toBeGreaterThanOrEqual(1_000);
  }
  expect(QR_WAIT_SECONDS * 1000).toBeLessThan(TIMEOUTS_MS.workerCall);
});

test('what comes before the hand-over leaves time for it', () => {
  const { fetchFile, recipient, markSeen, leastForPage } = COMMAND_STAGES_MS;
  expect(fetchFile + recipient + markSeen + leastForPage).toBeLessThan(TIMEOUTS_MS.command);
});

test('the browser and the functions have their limits from the table', () => {
  const browser = { executable: '/browser', build: 'Chromium 147.0.1', environment: {} };
  expect(launchOptions({ browser, profileDir: '/p', extraSwitches: [] }).protocolTimeout).toBe(
    TIMEOUTS_MS.browserCall,
  );
  expect(API_TIMEOUT_SECONDS * 1000).toBe(TIMEOUTS_MS.function);
});

test('no layer has its own number', () => {
  const readers = [
    'container/browser/launch.ts',
    'container/commands/hand-over.ts',
    'container/commands/server.ts',
    'core/commands/ask-worker.ts',
    'core/commands/wake.ts',
    'functions/adapters/worker-call.ts',
    'infra/functions.ts',
    'local/assembly/resources/api.ts',
  ];
  for (const file of readers) {
    const text = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
    expect(text, file).toContain('TIMEOUTS_MS');
    expect(text, file).not.toMatch(/\b(2[0-9]|30)_000\b(?!,\s*\n\s*protocolTimeout)/);
  }
});
