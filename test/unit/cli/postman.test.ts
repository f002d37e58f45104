/** `berth postman`: every operation is in the collection, with requests that the operation's own schemas accept. */
import { expect, test } from 'vitest';
import { postmanCollection } from '../../../cli/postman/collection.ts';
import { OPERATIONS } from '../../../contract/routes.ts';
import { runCli } from './run-cli.ts';

const collection = postmanCollection('https://berth.example.com/');
const requests = collection.item.flatMap(({ item }) => item);

test('has one request for each documented operation, in the folder of its chapter', () => {
  const documented = OPERATIONS.filter(({ tag }) => tag !== undefined);
  const listed = requests.map(({ request }) => `${request.method} /${request.url.path.join('/')}`);
  expect(listed.toSorted()).toEqual(
    documented.map(({ method, path }) => `${method} ${path.replace(/\{(\w+)\+?\}/g, ':$1')}`).toSorted(),
  );
});

/** Nothing in them must be given, or only a browser can make it. */
const TO_FILL_IN = ['setLimits', 'setEngine', 'submitPasskey'];

test('requests have what their operation demands', () => {
  for (const operation of OPERATIONS.filter(({ tag }) => tag !== undefined)) {
    const found = requests.find(({ request }) =>
      request.description.endsWith(`Operation: ${operation.id}`),
    )?.request;
    const variables = found?.url.variable.map(({ key }) => key) ?? [];
    expect(variables.toSorted(), operation.id).toEqual(Object.keys(operation.params?.shape ?? {}).toSorted());
    if (!operation.body || !found?.body || TO_FILL_IN.includes(operation.id)) continue;
    const sent: unknown = JSON.parse(found.body.raw.replaceAll('{{session}}', 'default'));
    const parsed = operation.body.safeParse(sent);
    expect(parsed.error?.issues ?? [], `${operation.id} ${found.body.raw}`).toEqual([]);
  }
});

test('has no key, and its address without a slash at the end', () => {
  const variable = (name: string) => collection.variable.find(({ key }) => key === name)?.value;
  expect([variable('baseUrl'), variable('apiKey')]).toEqual(['https://berth.example.com', '']);
  expect(collection.auth.apikey).toContainEqual({ key: 'value', value: '{{apiKey}}', type: 'string' });
});

test('the command prints it, without a key and without a server', async () => {
  const { code, stdout } = await runCli(['postman', '--url', 'https://berth.example.com']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(collection)));
});
