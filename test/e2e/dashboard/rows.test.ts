/** The table of sessions with 10,000 of them: the built page in a real browser, with an API that only has a list. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import type { CallerView } from '../../../contract/bodies/dashboard.ts';
import type { SessionView } from '../../../contract/bodies/sessions.ts';
import { servePage } from '../../../functions/edge/page.ts';
import { pageFiles } from '../../../infra/page.ts';
import { openBrowser, PATIENCE, rowOf, type Visits } from './dashboard-system.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const SESSIONS = 10_000;
const PAGE = 1000;
const STARTED = Date.now() - 600_000;

const sessionNumber = (n: number): SessionView => ({
  name: `s${String(n).padStart(5, '0')}`,
  userId: `user${n % 40}`,
  status: n % 3 === 0 ? 'STOPPED' : 'WORKING',
  state: n % 3 === 0 ? 'STOPPED' : 'RUNNING',
  stopReason: n % 3 === 0 ? 'idle' : null,
  config: {},
  dialogs: null,
  me: { id: `49170${String(n).padStart(7, '0')}@c.us`, pushName: `Person ${n}` },
  engine: { engine: 'WEBJS', build: null },
  timestamps: { activity: null },
  detail: null,
  epoch: 1,
  linked: true,
  restart: {
    policy: 'never',
    maxAttempts: 5,
    windowSeconds: 3600,
    attempts: 0,
    reason: null,
    lastAt: null,
    nextAttemptAt: null,
  },
  createdAt: new Date(STARTED).toISOString(),
  startedAt: new Date(STARTED).toISOString(),
  start: null,
  qrExpiresAt: null,
  idleAt: n % 3 === 0 ? null : new Date(STARTED + 1_500_000 + n * 100).toISOString(),
  expiresAt: n % 3 === 0 ? null : new Date(STARTED + 7_200_000).toISOString(),
  authState: null,
});

const ME: CallerView = {
  userId: 'admin',
  role: 'admin',
  scopes: null,
  sessions: null,
  key: { id: 'k', label: null, expiresAt: null },
  via: 'cookie',
  environment: 'test',
};

let server: Server;
let visits: Visits;
let page: Page;
let workDir: string;

beforeAll(async () => {
  workDir = await mkdtemp(join(tmpdir(), 'berth-rows-'));
  const files = await pageFiles(workDir);
  server = createServer((request, response) => answer(files, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  visits = await openBrowser(`http://127.0.0.1:${port}`, 'any');
  page = await visits.visit({ at: '/sessions' });
});
afterAll(async () => {
  await visits?.close();
  server?.closeAllConnections();
  server?.close();
  await rm(workDir, { recursive: true, force: true });
});

const answer = (
  files: Awaited<ReturnType<typeof pageFiles>>,
  request: IncomingMessage,
  response: ServerResponse,
): void => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const json = (body: unknown, headers: Record<string, string> = {}) =>
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  if (url.pathname === '/api/me') json(ME);
  else if (url.pathname === '/api/sessions') {
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const list = Array.from({ length: PAGE }, (_, i) => sessionNumber(from + i));
    json(list, from + PAGE < SESSIONS ? { 'x-next-cursor': String(from + PAGE) } : {});
  } else if (request.method === 'POST') response.writeHead(204).end();
  else if (url.pathname.startsWith('/api/')) response.writeHead(404).end();
  else {
    const event = {
      rawPath: url.pathname,
      headers: { 'accept-encoding': 'gzip' },
      requestContext: { requestId: 'r' },
    };
    const { statusCode, headers, body } = servePage(files, event, 'ws://127.0.0.1:1');
    response.writeHead(statusCode ?? 500, z.record(z.string(), z.string()).parse(headers));
    response.end(Buffer.from(body ?? '', 'base64'));
  }
};

/** @param top an expression of where to, px; `body` is what scrolls */
const scrollTo = (top: string) =>
  page.evaluate(`{ const body = document.querySelector('.table-body'); body.scrollTop = ${top}; }`);

const renderedRows = (): Promise<number> => page.locator('[data-row]').count();

test('holds 10,000 rows and renders those in sight', async () => {
  await page.getByText('10,000', { exact: true }).waitFor();
  expect(await page.getByRole('table').getAttribute('aria-rowcount')).toBe(String(SESSIONS + 1));
  await page.getByRole('columnheader', { name: 'Session' }).getByRole('button').click();
  await rowOf(page, 's00000').waitFor();
  expect(await renderedRows()).toBeLessThan(60);
});

test('scrolls to any of them', async () => {
  await scrollTo('body.scrollHeight');
  await rowOf(page, 's09999').waitFor();
  expect(await renderedRows()).toBeLessThan(60);
  await scrollTo('body.scrollHeight / 2');
  await expect.poll(() => rowOf(page, 's09999').count(), PATIENCE).toBe(0);
  expect(await renderedRows()).toBeGreaterThan(5);
  expect(await renderedRows()).toBeLessThan(60);
});

test('finds one of them by name, number or person, and keeps the focus of a row that is scrolled away', async () => {
  const search = page.getByRole('searchbox', { name: 'Search' });
  for (const [words, rows] of [
    ['s04242', 1],
    ['491700004242', 1],
    ['person 4242', 1],
    ['user7 person', 250],
  ] as const) {
    await search.fill(words);
    await page.getByText(`${rows} of 10,000`).waitFor();
  }
  await search.fill('');
  await page.getByText('10,000', { exact: true }).waitFor();

  await rowOf(page, 's00000').getByRole('link').focus();
  await scrollTo('200000');
  await rowOf(page, 's04550').waitFor();
  expect(await page.evaluate('document.activeElement.textContent')).toBe('s00000');
  await page.keyboard.press('End');
  await expect.poll(() => page.evaluate('document.activeElement.textContent'), PATIENCE).toBe('s09999');
});

test('has thrown no error and called no other server', () => {
  expect(visits.faults).toEqual([]);
});
