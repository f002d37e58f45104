/** A command is a schema and a row: everything else follows. A row that the table does not have is added to a copy. */
import { readdirSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { addCall } from '../../cli/commands/call.ts';
import { methodsOf } from '../../client/derived.ts';
import { createTransport } from '../../client/transport.ts';
import { openApiDocument } from '../../contract/openapi/document.ts';
import { commandRows } from '../../contract/operations/command-rows.ts';
import { PUBLIC_OPERATIONS } from '../../contract/public-operations.ts';
import { OPERATIONS } from '../../contract/routes.ts';
import { defineHandler } from '../../functions/edge/http.ts';
import { BerthApi } from '../../infra/constructs/api.ts';
import { environmentOf } from '../../infra/environments.ts';
import { clientMethods } from '../../scripts/client-methods.ts';

const weatherArgs = z.strictObject({
  chatId: z.string(),
  days: z.coerce.number().int().min(1).max(7).default(1),
});
const weatherSchema = z.object({ sunny: z.boolean() });

const { getWeather } = commandRows({
  getWeather: {
    method: 'GET',
    path: '/api/{session}/chats/{chatId}/weather',
    scope: 'messages:read',
    tag: 'Chats',
    args: weatherArgs,
    result: weatherSchema,
    status: 200,
    says: 'As it is there.',
    summary: 'The weather in a chat',
    description: 'Of up to seven days.',
    problems: ['unprocessable'],
    client: 'chats.weather',
  },
});
const operations = { ...PUBLIC_OPERATIONS, getWeather };

test('the row names the worker’s command', () => {
  expect(getWeather.command).toEqual({ args: weatherArgs, result: weatherSchema });
});

test('the client has its method, and the generated types have it with its texts', async () => {
  const asked: string[] = [];
  const transport = createTransport({
    baseUrl: 'http://berth.invalid',
    apiKey: 'key',
    cookie: false,
    fetch: async (address, options) => {
      asked.push(`${options?.method} ${String(address)}`);
      return Response.json({ sunny: true });
    },
    timeoutMs: 1000,
    retries: 0,
    clock: Date.now,
    random: Math.random,
    sleep: async () => undefined,
  });
  const methods = methodsOf(Object.values(operations), { transport, newKey: () => 'k' });
  const weather: unknown = Reflect.get(Object(methods.chats), 'weather');
  if (typeof weather !== 'function') throw new Error('the client has no such method');
  expect(await weather('shop', '1@g.us', { days: 3 })).toEqual({ sunny: true });
  expect(asked).toEqual(['GET http://berth.invalid/api/shop/chats/1%40g.us/weather?days=3']);

  const types = clientMethods(operations);
  expect(types).toContain('The weather in a chat. Needs the scope `messages:read`.');
  expect(types).toMatch(
    /readonly weather: \(\s*session: string,\s*chatId: string,\s*options\?: Options<'getWeather'>/,
  );
});

test('the command line has it, with its help', () => {
  const program = new Command('berth');
  addCall(program, Object.values(operations));
  const [call] = program.commands;
  expect(call?.helpInformation()).toMatch(/getWeather .*The weather in a chat/);
  const help = call?.commands.find((command) => command.name() === 'getWeather')?.helpInformation();
  expect(help).toContain('berth call getWeather [options] <session> <chat-id>');
  expect(help).toContain('The weather in a chat\n\nOf up to seven days.');
  expect(help).toContain('--days <value>');
});

test('the document has it, with its parameters and its scope', () => {
  const { paths } = openApiDocument({ operations: Object.values(operations) });
  const { get } = paths['/api/{session}/chats/{chatId}/weather'] ?? {};
  expect(get).toMatchObject({
    operationId: 'getWeather',
    summary: 'The weather in a chat',
    description: 'Of up to seven days.\n\nNeeds the scope `messages:read`.',
  });
  const names = get?.parameters?.map((parameter) =>
    'name' in parameter ? `${parameter.in} ${parameter.name}` : '',
  );
  expect(names).toEqual(['path session', 'path chatId', 'query days', 'query userId']);
  expect(Object.keys(get?.responses ?? {})).toEqual([
    '200',
    '400',
    '401',
    '403',
    '404',
    '422',
    '429',
    '500',
    '503',
  ]);
});

test('its route checks the key’s scope and the request', async () => {
  const handler = defineHandler(getWeather)(async ({ params, query }) => ({
    status: 200,
    body: { sunny: params.chatId === '1@g.us' && query.days === 3 },
  }));
  const ask = async (days: string, scopes: string) => {
    const event = {
      routeKey: 'GET /api/{session}/chats/{chatId}/weather',
      rawPath: '/api/shop/chats/1@g.us/weather',
      headers: {},
      pathParameters: { session: 'shop', chatId: '1@g.us' },
      queryStringParameters: { days },
      requestContext: {
        requestId: 'r',
        http: { method: 'GET', sourceIp: '127.0.0.1' },
        authorizer: { lambda: { role: 'user', userId: 'ann', keyId: 'k', via: 'key', sessions: '', scopes } },
      },
    };
    const { statusCode, body } = await handler(event as never, {} as never);
    return { status: statusCode, body: JSON.parse(body ?? '') };
  };
  expect(await ask('3', 'messages:read')).toEqual({ status: 200, body: { sunny: true } });
  expect(await ask('3', 'messages:send')).toMatchObject({ status: 403 });
  expect(await ask('8', 'messages:read')).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'days' }] },
  });
});

test('the gateway has its route, with the authorizer, to the function of commands', () => {
  const stack = new Stack(new App(), 'Rows');
  const functionOf = (id: string) =>
    new LambdaFunction(stack, id, {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => ({});'),
    });
  const api = new BerthApi(stack, 'Api', {
    environment: environmentOf('dev'),
    apiName: 'rows',
    description: 'rows',
    logName: 'rows',
    throttle: { rateLimit: 1, burstLimit: 1 },
  });
  api.addRoutes([getWeather], functionOf, functionOf('authorizer'));
  const template = Template.fromStack(stack);
  const [authorizer] = Object.keys(template.findResources('AWS::ApiGatewayV2::Authorizer'));
  const [integration] = Object.keys(template.findResources('AWS::ApiGatewayV2::Integration'));
  template.hasResourceProperties('AWS::ApiGatewayV2::Route', {
    RouteKey: 'GET /api/{session}/chats/{chatId}/weather',
    AuthorizationType: 'CUSTOM',
    AuthorizerId: { Ref: authorizer },
    Target: { 'Fn::Join': ['', ['integrations/', { Ref: integration }]] },
  });
  expect(getWeather.handler).toBe('commands');
}, 120_000);

const rowSchema = z.looseObject({
  id: z.string(),
  method: z.string(),
  path: z.string(),
  handler: z.string(),
});

test('an operation that a module exports needs no other line: it is in the table, under its name', async () => {
  const folder = new URL('../../contract/operations/', import.meta.url);
  for (const file of readdirSync(folder)) {
    const exported: Readonly<Record<string, unknown>> = await import(new URL(file, folder).href);
    for (const [name, value] of Object.entries(exported)) {
      const row = rowSchema.safeParse(value);
      if (!row.success) continue;
      expect(row.data.id).toBe(name);
      expect(
        OPERATIONS.map(({ id }) => id),
        file,
      ).toContain(name);
    }
  }
});
