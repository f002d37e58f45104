/** `berth mcp`: which tools a key gets, what they take, and what a real client is answered over stdio. */
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toolsFor } from '../../../cli/mcp/tools.ts';
import { inputSchemaOf } from '../../../contract/openapi/schemas.ts';
import { PUBLIC_OPERATIONS } from '../../../contract/public-operations.ts';
import { compileCache } from '../../helpers/compile-cache.ts';
import { API_KEY, FakeApi } from './fake-api.ts';
import { BIN, runCli } from './run-cli.ts';

const ADMIN = { role: 'admin', scopes: null, sessions: null } as const;
const namesOf = (...args: Parameters<typeof toolsFor>) => toolsFor(...args).map(({ name }) => name);
const toolOf = (name: string, ...args: Parameters<typeof toolsFor>) => {
  const tool = toolsFor(...args).find((each) => each.name === name);
  if (!tool) throw new Error(`no tool ${name}`);
  return tool;
};

describe('the tools of a key', () => {
  test('are the operations that it may use and that can succeed', () => {
    const all = namesOf(ADMIN);
    expect(all).toEqual(expect.arrayContaining(['sendText', 'getQr', 'setLimits', 'getMessages']));
    expect(all).not.toContain('sendButtons');
    for (const name of ['createKey', 'createMediaKey', 'signIn']) expect(all).not.toContain(name);

    const reader = namesOf({ role: 'user', scopes: ['messages:read'], sessions: null });
    expect(reader).toContain('getMessages');
    expect(reader).not.toContain('sendText');
    expect(reader).not.toContain('listSessions');
    expect(namesOf({ role: 'admin', scopes: null, sessions: ['shop'] })).not.toContain('setLimits');
  });

  test('have no second name: a deprecated path is no tool', () => {
    for (const name of ['reply', 'sendTextByQuery', 'startSessionByName', 'getVersion'])
      expect(namesOf(ADMIN)).not.toContain(name);
  });

  test('can be narrowed to chapters and to those that change nothing', () => {
    expect(namesOf(ADMIN, { tags: ['Labels'] })).toEqual([
      'getLabels',
      'getChatLabels',
      'setChatLabels',
      'getLabelChats',
    ]);
    const reading = namesOf(ADMIN, { readOnly: true });
    expect(reading).toEqual(expect.arrayContaining(['listSessions', 'findChannelsByText', 'getStats']));
    for (const name of ['sendText', 'sendTextByQuery', 'getQr', 'deleteChat'])
      expect(reading).not.toContain(name);
  });

  test('say what they do to what is there', () => {
    const hintsOf = (name: string) => toolOf(name, ADMIN).annotations;
    expect(hintsOf('getChats')).toMatchObject({ readOnlyHint: true, destructiveHint: false });
    expect(hintsOf('sendText')).toMatchObject({
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: false,
    });
    for (const name of [
      'deleteChat',
      'leaveGroup',
      'logoutSession',
      'stopSession',
      'setLimits',
      'editMessage',
    ])
      expect(hintsOf(name), name).toMatchObject({ readOnlyHint: false, destructiveHint: true });
  });

  test('take schemas that a client can compile, with every parameter of the operation', () => {
    const ajv = new ajv2020.default({ strict: false });
    addFormats.default(ajv);
    for (const { name, inputSchema, operation } of toolsFor(ADMIN)) {
      expect(() => ajv.compile(inputSchema), name).not.toThrow();
      // A list of types is legal, but not every provider of models takes it.
      expect(JSON.stringify(inputSchema), name).not.toMatch(/"type":\[/);
      const known = Object.keys(Object(inputSchema.properties));
      for (const part of [operation.params, operation.query])
        expect(known, name).toEqual(expect.arrayContaining(Object.keys(part?.shape ?? {})));
      const body = operation.body && inputSchemaOf(operation.body);
      if (body && !known.includes('body'))
        expect(known, name).toEqual(expect.arrayContaining(Object.keys(Object(body.properties))));
    }
  });
});

describe('the arguments of a tool', () => {
  test('become path, query, body and options', () => {
    expect(
      toolOf('getMessages', ADMIN).partsOf({ session: 'shop', chatId: '1@c.us', limit: 5, userId: 'ada' }),
    ).toMatchObject({
      params: { session: 'shop', chatId: '1@c.us' },
      query: { limit: 5 },
      options: { userId: 'ada' },
    });
    expect(
      toolOf('sendText', ADMIN).partsOf({ chatId: '1@c.us', text: 'hi', wake: 'true', idempotencyKey: 'k' }),
    ).toMatchObject({ body: { chatId: '1@c.us', text: 'hi' }, options: { wake: true, idempotencyKey: 'k' } });
  });

  test('name no session if the key has only one', () => {
    const one: Parameters<typeof toolsFor>[0] = { role: 'user', scopes: null, sessions: ['shop'] };
    expect(toolOf('getChats', one).inputSchema).not.toHaveProperty('required');
    expect(toolOf('getChats', one).inputSchema).not.toHaveProperty('properties.userId');
    expect(toolOf('getChats', one).partsOf({})).toMatchObject({ params: { session: 'shop' } });
    expect(toolOf('sendText', one).partsOf({ chatId: '1@c.us', text: 'hi' })).toMatchObject({
      body: { session: 'shop' },
    });
  });

  test('keep every part of every operation apart', () => {
    for (const tool of toolsFor(ADMIN)) {
      const names = Object.keys(Object(tool.inputSchema.properties));
      const {
        params = {},
        query = {},
        body,
        options = {},
      } = tool.partsOf(Object.fromEntries(names.map((name) => [name, name === 'wake' ? 'true' : 'x'])));
      const { body: schema } = PUBLIC_OPERATIONS[tool.name as keyof typeof PUBLIC_OPERATIONS] as {
        body?: unknown;
      };
      const count = Object.keys(params).length + Object.keys(query).length + Object.keys(options).length;
      const bodyCount =
        schema === undefined || body === 'x'
          ? names.filter((n) => n === 'body').length
          : Object.keys(Object(body)).length;
      // `wait` is a query parameter and an option.
      const twice = tool.operation.holds && names.includes(tool.operation.holds) ? 1 : 0;
      expect(count + bodyCount - twice, tool.name).toBe(names.length);
    }
  });
});

describe('a client over stdio', () => {
  const api = new FakeApi();
  const client = new Client({ name: 'test', version: '1.0.0' });
  let stderr = '';
  const environment = () => ({
    PATH: process.env.PATH ?? '',
    ...compileCache(),
    BERTH_URL: api.url,
    BERTH_API_KEY: API_KEY,
  });

  beforeAll(async () => {
    await api.start();
    api.set('shop');
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [BIN, 'mcp', '--tags', 'Sessions,Messages'],
      env: environment(),
      cwd: '/',
      stderr: 'pipe',
    });
    transport.stderr?.on('data', (text) => {
      stderr += String(text);
    });
    await client.connect(transport);
  }, 60_000);
  afterAll(async () => {
    await client.close();
    await api.stop();
  });

  test('lists the tools, and calls them', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['listSessions', 'sendText']));
    expect(tools.map(({ name }) => name)).not.toContain('getLimits');

    const sent = await client.callTool({
      name: 'sendText',
      arguments: { session: 'shop', chatId: '15550002222@c.us', text: 'hi', idempotencyKey: 'order-1' },
    });
    expect(sent.isError).toBeFalsy();
    expect(JSON.stringify(sent.content)).toContain('15550002222@c.us');
    expect(api.calls('POST /api/sendText')[0]).toMatchObject({
      idempotencyKey: 'order-1',
      body: { text: 'hi' },
    });
  });

  test('gets refusals as errors of the tool, in words', async () => {
    const absent = await client.callTool({ name: 'getSession', arguments: { name: 'none' } });
    expect(absent).toMatchObject({ isError: true });
    expect(JSON.stringify(absent.content)).toContain('There is no session');

    const before = api.seen.length;
    const typo = await client.callTool({
      name: 'sendText',
      arguments: { session: 'shop', chatID: '15550002222@c.us', text: 'hi' },
    });
    expect(typo).toMatchObject({ isError: true });
    expect(JSON.stringify(typo.content)).toContain('unknown argument chatID');
    expect(api.seen.length).toBe(before);
  });

  test('never sees the key, and gets one line', async () => {
    expect(stderr).toMatch(/^berth mcp: \d+ tools at http\S+\n$/);
    expect(stderr).not.toContain(API_KEY);
  });

  test('without a key, or with one that may use nothing, the command ends with a reason', async () => {
    const withoutKey = await runCli(['mcp'], { env: { BERTH_URL: api.url } });
    expect(withoutKey).toMatchObject({ code: 4, stdout: '' });
    expect(withoutKey.stderr).toContain('no API key');
    const wrong = await runCli(['mcp', '--tags', 'Sheep'], { env: environment() });
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
  });
});
