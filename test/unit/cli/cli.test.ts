import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pathOf } from '../../../cli/command.ts';
import { createProgram } from '../../../cli/program.ts';
import { readDrawn, readPng } from '../../helpers/read-qr.ts';
import { API_KEY, FakeApi, message, refuse, WORKING } from './fake-api.ts';
import { BIN, type Ended, type RunOptions, runCli, runHere } from './run-cli.ts';

/** The machine's own Node if it cannot run TypeScript. */
const oldNode = ['/usr/bin/node', '/usr/local/bin/node'].find((node) => {
  try {
    return (
      execFileSync(node, ['-p', 'Boolean(process.features.typescript)'], { encoding: 'utf8' }).trim() ===
      'false'
    );
  } catch {
    return false;
  }
});

const commandsOf = (command: Command): Command[] => [command, ...command.commands.flatMap(commandsOf)];

const helpOf = (command: Command): string => {
  let text = '';
  command
    .configureOutput({
      writeOut: (part) => {
        text += part;
      },
    })
    .outputHelp();
  return text;
};

let api: FakeApi;
let folder: string;

beforeEach(async () => {
  api = new FakeApi();
  await api.start();
  folder = await mkdtemp(join(tmpdir(), 'berth-cli-'));
});
afterEach(async () => {
  await api.stop();
  await rm(folder, { recursive: true });
});

/** The API's address and a key, as a person has set them up. */
const settings = ({ env }: RunOptions) => ({ BERTH_URL: api.url, BERTH_API_KEY: API_KEY, ...env });

/** The command line as a separate process, as a person runs it. */
const berthProcess = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  runCli(args, { cwd: folder, ...options, env: settings(options) });

/** The same command line in this process. */
const berth = async (args: readonly string[], options: RunOptions = {}): Promise<Ended> => {
  const before = process.cwd();
  process.chdir(options.cwd ?? folder);
  try {
    return await runHere(args, settings(options));
  } finally {
    process.chdir(before);
  }
};

describe('sessions', () => {
  test('create sends what the options say', async () => {
    const ended = await berthProcess([
      ...['sessions', 'create', 'shop', '--no-start', '--keep-alive', '--user', 'anna'],
      ...['--webhook', 'https://example.com/a', '--webhook', 'https://example.com/b'],
      ...[
        '--metadata',
        'team=sales',
        '--metadata',
        'note=a=b',
        '--idle-timeout',
        '15m',
        '--max-duration',
        '2h',
      ],
      ...['--ignore', 'status', '--ignore', 'groups', '--send-seen'],
    ]);
    expect(ended).toMatchObject({ code: 0, stdout: 'shop: created (STARTING)\n', stderr: '' });
    expect(api.seen).toMatchObject([
      {
        query: { userId: 'anna' },
        body: {
          name: 'shop',
          start: false,
          config: {
            webhooks: [
              { url: 'https://example.com/a', events: ['*'] },
              { url: 'https://example.com/b', events: ['*'] },
            ],
            metadata: { team: 'sales', note: 'a=b' },
            idleTimeoutSeconds: 900,
            maxDurationSeconds: 7200,
            ignore: { status: true, groups: true },
            sendSeen: true,
            keepAlive: true,
          },
        },
      },
    ]);
  });

  test('create is repeated under one idempotency key when the answer is lost', async () => {
    api.next('POST /api/sessions', { status: 0, drop: true });
    const ended = await berth(['sessions', 'create', 'shop', '--json']);
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ name: 'shop', epoch: 1 });
    const keys = api.calls('POST /api/sessions').map((seen) => seen.idempotencyKey);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBeTruthy();
    expect(keys[1]).toBe(keys[0]);
  });

  test('ls is an aligned table over all pages, without colors or control characters in a pipe', async () => {
    api.set('shop', { ...WORKING, me: { id: '15550001111@c.us', pushName: 'An\u001b[2Jna' } });
    api.set('a-much-longer-name');
    api.set('third');
    const { code, stdout } = await berth(['sessions', 'ls']);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^NAME +STATUS +STATE +AGE +IDLE IN +RESTARTS +ENDS IN +LINKED +ACCOUNT$/);
    expect(lines).toHaveLength(4);
    const column = lines[0]?.indexOf('STATUS') ?? -1;
    expect(lines.slice(1).map((line) => line.slice(column).split(' ')[0])).toEqual([
      'WORKING',
      'STARTING',
      'STARTING',
    ]);
    expect(lines[1]).toContain('+15550001111 (An [2Jna)');
    expect(stdout).not.toContain('\u001b');
  });

  test('ls --json is one document a line', async () => {
    for (const name of ['a', 'b', 'c']) api.set(name);
    const { stdout } = await berth(['sessions', 'ls', '--all', '--user', '*', '--json']);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map((row) => row.name)).toEqual(['a', 'b', 'c']);
    expect(api.seen[0]?.query).toMatchObject({ all: 'true', userId: '*' });
  });

  test('an empty list says so beside the result', async () => {
    expect(await berth(['sessions', 'ls'])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'no session runs; --all lists stopped ones\n',
    });
    expect(await berth(['sessions', 'ls', '--json'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('get shows the account, and the steps of the last start', async () => {
    api.set('shop', WORKING);
    const { stdout } = await berth(['sessions', 'get', 'shop']);
    expect(stdout).toMatch(/^account +\+15550001111 \(Anna\)$/m);
    expect(stdout).toMatch(/^start +task created 0\.4s, image pulled 21\.3s, code shown 31\.2s$/m);
  });

  test('standby ls shows the plan and each task; set sends targets by the hour, and refuses what is no range', async () => {
    const shown = await berth(['standby', 'ls']);
    expect(shown.stdout).toMatch(/^sby_1 +claimed +\d+m( \d+s)? +- +browser +153 +s_shop$/m);
    expect(shown.stderr).toMatch(/^ready +1, 0 starting, 1 taken by sessions$/m);
    expect(shown.stderr).toMatch(/^paused +until \S+: capacity: the AWS account's vCPU quota is used up$/m);
    const changed = await berth(['standby', 'set', '--target', '0', '--hours', '7-19=3', '22-6=1']);
    expect(changed.stdout).toMatch(/^ +7-19 UTC +3$/m);
    await berth(['standby', 'set', '--target', 'none']);
    await berth(['standby', 'set', '--no-hours']);
    const deeper = await berth(['standby', 'set', '--depth', 'page']);
    expect(deeper.stdout).toMatch(/^depth +page: WhatsApp Web is loaded$/m);
    expect((await berth(['standby', 'set', '--depth', 'deep'])).code).toBe(2);
    expect((await berth(['standby', 'set', '--hours', '7=3'])).stderr).toContain('must be like 7-19=3');
    expect((await berth(['standby', 'set'])).code).toBe(2);
    expect(api.calls('PUT /api/standby').map(({ body }) => body)).toEqual([
      {
        target: 0,
        hours: [
          { from: 7, to: 19, target: 3 },
          { from: 22, to: 6, target: 1 },
        ],
      },
      { target: null },
      { hours: [] },
      { depth: 'page' },
    ]);
  });

  test.each([
    [['stop', 'shop'], 'shop: stopping (STOPPED)\n', 'POST /api/sessions/shop/stop'],
    [['start', 'shop'], 'shop: starting (STARTING)\n', 'POST /api/sessions/shop/start'],
    [['restart', 'shop'], 'shop: restarting (STARTING)\n', 'POST /api/sessions/shop/restart'],
    [['logout', 'shop', '--yes'], 'shop: logged out (STARTING)\n', 'POST /api/sessions/shop/logout'],
    [['rm', 'shop', '--yes'], 'shop: deleted\n', 'DELETE /api/sessions/shop'],
  ])('%j does it once and says so', async (args, said, route) => {
    api.set('shop', WORKING);
    expect(await berth(['sessions', ...args])).toEqual({ code: 0, stdout: said, stderr: '' });
    expect(api.calls(route)).toHaveLength(1);
  });

  test('events lists what happened', async () => {
    api.set('shop');
    expect((await berth(['sessions', 'events', 'shop'])).stdout).toContain('session.admitted');
  });

  test('rm asks first, and without a terminal deletes nothing', async () => {
    api.set('shop');
    const ended = await berthProcess(['sessions', 'rm', 'shop']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('--yes');
    expect(api.sessions.has('shop')).toBe(true);
  });
});

describe('QR codes', () => {
  test('the drawn code reads back as the code', async () => {
    api.qr = '2@drawn,in,the,terminal==';
    api.set('shop', { status: 'SCAN_QR_CODE', state: 'RUNNING' });
    const { code, stdout } = await berth(['qr', 'shop']);
    expect(code).toBe(0);
    expect(readDrawn(stdout, 'black')).toBe(api.qr);
    expect(stdout).toContain('scan with WhatsApp to link shop');
  });

  test('--png writes a file that reads back as the code, for its owner only', async () => {
    api.set('shop', { status: 'SCAN_QR_CODE' });
    expect((await berth(['qr', 'shop', '--png', 'code.png'])).stdout).toBe('written to code.png\n');
    expect(readPng(await readFile(join(folder, 'code.png')))).toBe(api.qr);
    expect((await stat(join(folder, 'code.png'))).mode & 0o777).toBe(0o600);
  });

  test('create --qr shows each code once and ends with the account', async () => {
    const following = berthProcess(['sessions', 'create', 'shop', '--qr', '--json']);
    await expect.poll(() => api.sessions.has('shop'), { timeout: 20_000 }).toBe(true);
    api.set('shop', { status: 'SCAN_QR_CODE', state: 'RUNNING' });
    await expect
      .poll(() => api.calls('GET /api/shop/auth/qr').length, { timeout: 20_000 })
      .toBeGreaterThan(2);
    api.qr = '2@code-two';
    const before = api.calls('GET /api/shop/auth/qr').length;
    await expect.poll(() => api.calls('GET /api/shop/auth/qr').length).toBeGreaterThan(before + 1);
    api.set('shop', WORKING);
    const { code, stdout } = await following;
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.slice(1, -1)).toEqual([{ value: '2@code-one' }, { value: '2@code-two' }]);
    expect(lines.at(-1)).toMatchObject({ linked: true, session: { me: { id: '15550001111@c.us' } } });
  });

  test.each([
    ['create', 'POST /api/sessions'],
    ['start', 'POST /api/sessions/shop/start'],
  ])('%s --qr shows the code that came with the session, and asks for no other', async (verb, route) => {
    api.set('shop', WORKING);
    api.next(route, {
      status: 201,
      body: {
        ...api.sessions.get('shop'),
        qr: { value: '2@came-with-it', expiresAt: '2026-11-30T12:00:00Z' },
      },
    });
    const { stdout } = await berth(['sessions', verb, 'shop', '--qr', '--json']);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).not.toHaveProperty('qr');
    expect(lines.slice(1, -1)).toEqual([{ value: '2@came-with-it' }]);
    expect(api.calls(route)[0]?.query.wait).toBe('2');
    expect(api.calls('GET /api/shop/auth/qr')).toEqual([]);
  });

  test('following what is linked already says by whom', async () => {
    api.set('shop', WORKING);
    expect(await berth(['qr', 'shop', '--follow'])).toMatchObject({
      code: 0,
      stdout: 'linked as +15550001111 (Anna)\n',
    });
  });

  test('a code that is not scanned in time ends with what to do', async () => {
    api.set('shop', { status: 'STOPPED', state: 'STOPPED', stopReason: 'qr_expired' });
    const ended = await berth(['qr', 'shop', '--follow']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toBe('berth: expired; try again\n  berth sessions start shop --qr\n');
  });

  test('a session that shows no code says which state it is in', async () => {
    api.set('shop', WORKING);
    expect(await berth(['qr', 'shop'])).toMatchObject({
      code: 1,
      stderr: 'berth: The session is WORKING.\n',
    });
  });

  test('code gives the pairing code', async () => {
    api.set('shop', { status: 'SCAN_QR_CODE' });
    expect((await berth(['code', 'shop', '+49 170 1234567'])).stdout).toBe('ABCDEFGH\n');
    expect(api.seen[0]?.body).toEqual({ phoneNumber: '491701234567' });
  });
});

describe('send', () => {
  test.each([
    ['+49 170 (1234)-567', '491701234567@c.us'],
    ['491701234567@s.whatsapp.net', '491701234567@c.us'],
    ['12025550123-1612345678@g.us', '12025550123-1612345678@g.us'],
  ])('to %s goes to the chat %s', async (typed, chatId) => {
    const ended = await berth(['send', 'shop', typed, '--', '- one, two']);
    expect(ended.code).toBe(0);
    expect(api.seen[0]?.body).toEqual({ session: 'shop', chatId, text: '- one, two' });
    expect(ended.stdout).toBe(`sent to ${chatId}: true_15550002222@c.us_3EB0 (server)\n`);
  });

  test('--wake says that the session is starting, and ends with the message', async () => {
    api.next('POST /api/sendText', { status: 202, body: { commandId: 'cmd_1' } });
    const result = message('15550002222@c.us', 'hi');
    api.next('GET /api/commands/cmd_1', {
      status: 200,
      body: { id: 'cmd_1', session: 'shop', status: 'done', result },
    });
    const ended = await berth(['send', 'shop', '15550002222', 'hi', '--wake']);
    expect(ended).toMatchObject({
      code: 0,
      stderr: 'the session is starting; waiting for command cmd_1\n',
      stdout: `sent to 15550002222@c.us: ${result.id} (server)\n`,
    });
    expect(api.calls('POST /api/sendText')[0]?.query).toEqual({ wake: 'true' });
  });
});

describe('hidden ids', () => {
  test('lists those that are known, and says who has no number', async () => {
    const { code, stdout } = await berth(['lids', 'ls', 'shop']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1@lid +491701234567@c\.us$/m);
    expect(stdout).toMatch(/^7@lid +not revealed by WhatsApp$/m);
  });

  test('finds the other id of either', async () => {
    expect((await berth(['lids', 'find', 'shop', '7@lid'])).stdout).toMatch(
      /^number +not revealed by WhatsApp$/m,
    );
    const found = await berth(['lids', 'find', 'shop', '491701234567', '--json']);
    expect(JSON.parse(found.stdout)).toEqual({ lid: '1@lid', pn: '491701234567@c.us' });
  });
});

describe('capacity and administration', () => {
  test.each([
    [
      ['limits', 'get', '--user', 'anna'],
      /^anna +1 of 10 in use \(own limit\), 600 requests a minute, 60 at once \(own rate\)$/m,
    ],
    [['stats'], /^oldest +anna\/shop, 2h/m],
    [['stats'], /^create to QR +half within 5s, 95 % within 14s \(4\)$/m],
    [['health'], /^database +ok +answers$/m],
    [['keys', 'ls'], /^k1 +anna +user.* sessions:read,messages:send +shop +60\/min/m],
    [['keys', 'rm', 'k1'], /^k1: revoked$/],
  ])('%j shows what the API answers', async (args, shown) => {
    const ended = await berth(args);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout.trimEnd()).toMatch(shown);
  });

  test('limits set sends what is named and nothing else', async () => {
    await berth(['limits', 'set', '--global', '100', '--user', 'anna', '--limit', 'none']);
    expect(api.seen[0]?.body).toEqual({ global: 100, user: { userId: 'anna', limit: null } });
    await berth(['limits', 'set', '--rate-default', 'none', '--user', 'anna', '--rate', '600/50']);
    expect(api.seen[1]?.body).toEqual({
      rateDefault: null,
      user: { userId: 'anna', rate: { perMinute: 600, burst: 50 } },
    });
  });

  test('limits set sends bounds by their names, of all users or of one, and refuses what is none', async () => {
    await berth(['limits', 'set', '--bound', 'waits=20', '--bound', 'starts=none']);
    expect(api.seen[0]?.body).toEqual({ bounds: { waits: 20, starts: null } });
    await berth(['limits', 'set', '--user', 'anna', '--bound', 'stored=2000']);
    expect(api.seen[1]?.body).toEqual({ user: { userId: 'anna', bounds: { stored: 2000 } } });
    for (const bound of ['waits=0', 'nothing=1', 'waits=many'])
      expect(await berth(['limits', 'set', '--bound', bound])).toMatchObject({ code: 2, stdout: '' });
    expect(api.seen).toHaveLength(2);
  });

  test('keys create shows the new key alone on stdout', async () => {
    const named = ['--session', 'shop', '--scope', 'sessions:read', '--scope', 'messages:send'];
    const made = await berth([
      'keys',
      'create',
      '--user',
      'anna',
      ...named,
      '--expires',
      '30d',
      '--rate',
      '60',
    ]);
    expect(made.stdout).toBe('berth_new_key\n');
    expect(api.seen[0]?.body).toMatchObject({
      userId: 'anna',
      scopes: ['sessions:read', 'messages:send'],
      sessions: ['shop'],
      expiresInSeconds: 2_592_000,
      rate: { perMinute: 60 },
    });
  });

  test('keys update sends what is named; none takes a restriction away', async () => {
    await berth([
      'keys',
      'update',
      'k1',
      '--scope',
      'metrics',
      '--session',
      'none',
      '--rate',
      'none',
      '--inactive',
    ]);
    expect(api.seen[0]?.body).toEqual({ scopes: ['metrics'], sessions: null, rate: null, isActive: false });
    expect((await berth(['keys', 'update', 'k1'])).code).toBe(2);
    expect((await berth(['keys', 'update', 'k1', '--active', '--inactive'])).code).toBe(2);
  });

  test('health without a key shows the status only', async () => {
    expect((await berth(['health'], { env: { BERTH_API_KEY: '' } })).stdout).toBe('status  ok\n');
  });

  test('a degraded service is shown and exits with 1', async () => {
    api.next('GET /api/health', {
      status: 503,
      body: { status: 'degraded', checks: { database: { ok: false, detail: 'no answer' } } },
    });
    const ended = await berth(['health']);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/^database +FAILED +no answer$/m);
  });

  test('cleanup hands the filter on', async () => {
    await berth(['cleanup', '--older-than', '10m', '--dry-run']);
    expect(api.seen[0]?.body).toEqual({ mode: 'regular', dryRun: true, filter: { olderThanSeconds: 600 } });
  });

  test('emergency-cleanup --dry-run lists what would end and ends nothing', async () => {
    api.set('shop', WORKING);
    const ended = await berth(['emergency-cleanup', '--dry-run']);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/^admin +shop +RUNNING .* would stop$/m);
    expect(api.calls('POST /api/cleanup').map((seen) => seen.body)).toMatchObject([{ dryRun: true }]);
  });

  test('rollout --dry-run says what would move; without a terminal and --yes it starts nothing', async () => {
    const dry = await berth(['rollout', '--dry-run']);
    expect(dry).toMatchObject({ code: 0 });
    expect(dry.stdout).toContain('2 sessions would move, 1 have the newest version');
    expect((await berth(['rollout'])).code).toBe(2);
    expect(api.calls('POST /api/rollout').map((seen) => seen.body)).toEqual([
      { dryRun: true },
      { dryRun: true },
    ]);
  });

  test('rollout --yes follows it to its end; one that stops is a failure that says why', async () => {
    const ended = await berth(['rollout', '--wave', '2', '--pause', '1m', '--yes']);
    expect(api.calls('POST /api/rollout').at(-1)?.body).toEqual({ wave: 2, pauseSeconds: 60 });
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toContain('completed');
    api.rollout = { state: 'stopped', detail: 'did not work again: anna/shop' };
    const stopped = await berth(['rollout', '--yes']);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain('the rollout is stopped');
    expect(stopped.stderr).toContain('anna/shop');
    expect((await berth(['rollout', '--wave', '0', '--yes'])).code).toBe(2);
    expect((await berth(['rollout', '--pause', '2h', '--yes'])).code).toBe(2);
  });

  test('rollout status and cancel', async () => {
    expect((await berth(['rollout', 'status'])).stdout).toContain('completed');
    expect((await berth(['rollout', 'cancel'])).code).toBe(0);
    expect(api.calls('DELETE /api/rollout')).toHaveLength(1);
  });

  test('drain --dry-run says what runs and changes nothing', async () => {
    api.set('shop', WORKING);
    const ended = await berth(['drain', '--dry-run']);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toBe('1 sessions and 1 tasks left; the global limit is 50\n');
    expect(api.calls('POST /api/drain').map((seen) => seen.body)).toEqual([{ dryRun: true }]);
  });

  test('drain without a terminal and --yes changes nothing', async () => {
    api.set('shop', WORKING);
    expect((await berth(['drain'])).code).toBe(2);
    expect(api.sessions.get('shop')?.status).toBe('WORKING');
  });

  test('drain --yes continues until no task runs, and says how sessions start again', async () => {
    api.set('shop', WORKING);
    const ended = await berth(['drain', '--yes']);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toContain('0 sessions and 1 tasks left');
    expect(ended.stdout).toContain('berth limits set --global 50');
    expect(api.sessions.get('shop')?.status).toBe('STOPPED');
  });

  test('drain that is not through in its time fails, with what is left', async () => {
    api.set('shop', WORKING);
    const ended = await berth(['drain', '--yes', '--wait', '0s']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('not drained yet: 0 sessions and 1 tasks left');
  });

  test('erase --dry-run says what the user has and orders nothing, and without a terminal nothing either', async () => {
    api.set('reef', { ...WORKING, userId: 'anna' });
    const ended = await berth(['erase', '--user', 'anna', '--dry-run']);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toMatch(/^anna has \d sessions \(.*reef.*\) and 1 keys$/m);
    expect((await berth(['erase', '--user', 'anna'])).code).toBe(2);
    expect(api.calls('POST /api/erasures')).toEqual([]);
  });

  test('erase --yes orders it and follows it to its end', async () => {
    const ended = await berth(['erase', '--user', 'anna', '--yes']);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toBe('anna is erased: 1 keys revoked, 9 items and 0 objects of the user erased\n');
    expect(api.calls('POST /api/erasures').map((seen) => seen.body)).toEqual([{ userId: 'anna' }]);
    const listed = await berth(['erasures', '--user', 'anna']);
    expect(listed.stdout).toMatch(/^user anna +erased/m);
  });

  test('emergency-cleanup without a terminal and --yes ends nothing', async () => {
    api.set('shop', WORKING);
    expect((await berth(['emergency-cleanup'])).code).toBe(2);
    expect(api.sessions.get('shop')?.status).toBe('WORKING');
  });

  test('emergency-cleanup --yes ends them, with progress beside the report', async () => {
    api.set('shop', WORKING);
    api.set('other', { ...WORKING, userId: 'anna' });
    const ended = await berthProcess(['emergency-cleanup', '--yes', '--user', 'anna', '--json']);
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ sessions: [{ userId: 'anna', name: 'other' }] });
    expect(ended.stderr).toBe('1 of 1 ended\n');
    expect(api.sessions.get('shop')?.status).toBe('WORKING');
  });
});

describe('exit codes', () => {
  test.each([
    ['an unknown session', 'not_found', 3],
    ['a wrong key', 'unauthorized', 4],
    ['a role that may not', 'forbidden', 4],
    ['a limit', 'too_many', 5],
    ['an unavailable server', 'unavailable', 6],
    ['a wrong state', 'unprocessable', 1],
    ['a defect', 'internal', 1],
    ['a request that the server finds malformed', 'malformed', 2],
  ] as const)('%s: %s exits with %i, in one line', async (_, code, exit) => {
    const refusal = refuse(
      code,
      'In words.',
      code === 'too_many' ? { scope: 'user', limit: 5, active: 5 } : {},
    );
    api.next('POST /api/sessions/shop/stop', refusal, refusal, refusal);
    const ended = await berth(['sessions', 'stop', 'shop']);
    expect(ended.code).toBe(exit);
    expect(ended.stdout).toBe('');
    expect(ended.stderr.split('\n')[0]).toBe('berth: In words.');
    expect(ended.stderr).not.toMatch(/\bat .*:\d+/);
  });

  test('a limit says what is used', async () => {
    api.next('POST /api/sessions', refuse('too_many', 'Full.', { scope: 'global', limit: 50, active: 50 }));
    expect((await berth(['sessions', 'create'])).stderr).toContain('50 of 50 in use (global)');
    const wide = { scope: 'configBytes', limit: 1024, active: 2000 } as const;
    api.next('POST /api/sessions', refuse('too_many', 'config: has 2000 bytes; 1024 are allowed.', wide));
    const { stderr } = await berth(['sessions', 'create']);
    expect(stderr).toContain('make the config smaller');
    expect(stderr).not.toContain('in use');
  });

  test('fields that the server refuses are named', async () => {
    const errors = [{ path: 'config.idleTimeoutSeconds', message: 'Too big' }];
    api.next('POST /api/sessions', refuse('malformed', 'Malformed.', { errors }));
    expect((await berth(['sessions', 'create'])).stderr).toContain('config.idleTimeoutSeconds: Too big');
  });

  test.each([
    [['sessions', 'gt']],
    [['sessions', 'get']],
    [['sessions', 'get', '../keys']],
    [['sessions', 'create', 'shop', '--idle-timeout', 'soon']],
    [['sessions', 'create', 'shop', '--metadata', 'team']],
    [['sessions', 'create', 'shop', '--webhook', 'nowhere']],
    [['send', 'shop', 'nobody', 'hi']],
    [['limits', 'set']],
    [['limits', 'set', '--user', 'anna']],
    [['limits', 'set', '--global', 'many']],
    [['limits', 'set', '--user', 'anna', '--rate', 'fast']],
    [['keys', 'create']],
    [['keys', 'create', '--user', 'anna', '--scope', 'everything']],
    [['qr', 'shop', '--follow', '--png', 'x.png']],
    [['sessions', 'ls', '--url', 'nonsense']],
    [['--no-such-option']],
  ])('wrong usage exits with 2 and asks the server nothing: %j', async (args) => {
    const ended = await berth(args);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^berth: .+\n {2}.+\n$/);
    expect(api.seen).toEqual([]);
  });

  test('a refused connection names the address and what to do', async () => {
    const url = await closedPort();
    const ended = await berthProcess(['sessions', 'ls', '--url', url]);
    expect(ended.code).toBe(6);
    expect(ended.stderr).toContain(`nothing listens at ${url}`);
    expect(ended.stderr).toContain('npm start');
    expect(ended.stderr).toContain('--url');
  });

  test('--json failures are one JSON line on stderr', async () => {
    const ended = await berthProcess(['sessions', 'get', 'shop', '--json']);
    expect(ended.stdout).toBe('');
    expect(JSON.parse(ended.stderr)).toMatchObject({ error: { exitCode: 3, problem: { status: 404 } } });
  });

  test('something else than Berth at the address says so', async () => {
    api.next('GET /api/stats', { status: 200, body: '<html></html>' });
    expect((await berth(['stats'])).stderr).toContain('did not answer like Berth');
  });
});

describe('the key', () => {
  const withoutKey = { BERTH_API_KEY: '' };
  const keepKey = async (mode: number): Promise<void> => {
    await mkdir(join(folder, '.berth'));
    await mkdir(join(folder, 'deep', 'er'), { recursive: true });
    await writeFile(join(folder, '.berth', 'admin-key'), `${API_KEY}\n`, { mode });
  };

  test('is found in the nearest .berth above', async () => {
    await keepKey(0o600);
    const ended = await berth(['stats'], { env: withoutKey, cwd: join(folder, 'deep', 'er') });
    expect(ended.code).toBe(0);
    expect(api.seen[0]?.key).toBe(API_KEY);
  });

  test('of a file that others can read is refused', async () => {
    await keepKey(0o644);
    const ended = await berth(['stats'], { env: withoutKey });
    expect(ended.code).toBe(4);
    expect(ended.stderr).toContain('chmod 600');
    expect(api.seen).toEqual([]);
  });

  test('of this machine is never sent to another', async () => {
    await keepKey(0o600);
    const ended = await berth(['stats', '--url', 'http://berth.invalid'], { env: withoutKey });
    expect(ended).toMatchObject({ code: 4 });
    expect(ended.stderr).toContain('no API key');
  });

  test('by --key wins', async () => {
    await berth(['stats', '--key', 'another']);
    expect(api.seen[0]?.key).toBe('another');
  });

  test('appears in no output, with any error', async () => {
    const shown: string[] = [];
    const note = ({ stdout, stderr }: Ended) => shown.push(stdout, stderr);
    note(await berthProcess(['sessions', 'get', 'none']));
    note(await berthProcess(['sessions', 'get', 'none', '--json']));
    note(await berthProcess(['stats', '--url', await closedPort(), '--key', API_KEY]));
    note(await berthProcess(['stats', '--key', `${API_KEY}\nx`]));
    note(await berthProcess(['stats', '--key', API_KEY, '--nonsense']));
    note(await berthProcess(['stats', '--url', `http://user:${API_KEY}@127.0.0.1:1`]));
    note(await berthProcess(['--help', '--key', API_KEY]));
    expect(shown.join('')).not.toContain(API_KEY);
  });
});

describe('any Node', () => {
  test('--version says the version of the package', async () => {
    expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('every command has help with examples, and the program its exit codes', async () => {
    const { stdout } = await runCli(['--help']);
    expect(stdout).toContain('Exit codes:');
    for (const command of commandsOf(createProgram())) {
      const text = helpOf(command);
      if (command.commands.length === 0) expect(text, pathOf(command)).toContain('Examples:\n  berth ');
    }
  });

  test.runIf(oldNode)('one without type stripping hands over to the Node of the package', async () => {
    const ended = await berthProcess(['sessions', 'get', 'none'], { node: oldNode ?? '' });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('There is no session "none".');
  });

  test.runIf(oldNode)('one without type stripping says what to do if the package has no Node', async () => {
    await copyFile(BIN, join(folder, 'bin.mjs'));
    const ended = await runCli(['--version'], { node: oldNode ?? '', bin: join(folder, 'bin.mjs') });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('npm ci');
  });
});

describe('phone', () => {
  test('says where to look when no simulator is known, or none answers', async () => {
    expect(await berth(['phone', 'pending'])).toMatchObject({ code: 6 });
    const ended = await berth(['phone', 'pending'], { env: { BERTH_PHONE_URL: await closedPort() } });
    expect(ended.code).toBe(6);
    expect(ended.stderr).toContain('--simulate');
  });
});

/** An address at which nothing listens. */
const closedPort = (): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`));
    });
  });
