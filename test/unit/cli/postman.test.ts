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

/** With the values of the collection's variables. */
const filledIn = (text: string): string =>
  text.replaceAll(
    /\{\{(\w+)\}\}/g,
    (_, name) => collection.variable.find(({ key }) => key === name)?.value ?? `no variable ${name}`,
  );

const requestOf = (id: string) => {
  const found = requests.find(({ request }) => request.description.endsWith(`Operation: ${id}`));
  if (!found) throw new Error(`no request ${id}`);
  return found.request;
};

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
    const sent: unknown = JSON.parse(filledIn(found.body.raw));
    const parsed = operation.body.safeParse(sent);
    expect(parsed.error?.issues ?? [], `${operation.id} ${found.body.raw}`).toEqual([]);
  }
});

test('every request is about the session, chat, group, channel and message of the variables', () => {
  for (const { request } of requests)
    for (const { key, value } of request.url.variable) {
      expect(value, `${request.url.raw} ${key}`).not.toBe('');
      expect(filledIn(value), `${request.url.raw} ${key}`).not.toContain('no variable');
    }
  // WAHA's default would be another session than the collection's.
  expect(requestOf('getContacts').url.raw).toBe('{{baseUrl}}/api/contacts/all?session={{session}}');
  for (const id of ['createSession', 'stopSessionByName'])
    expect(requestOf(id).body?.raw, id).toContain('"name": "{{session}}"');
  expect(requestOf('listDeadLetters').url.raw).toBe('{{baseUrl}}/api/webhooks/dead');
  const pathOf = (id: string) => requestOf(id).url.variable.map(({ value }) => value);
  expect(pathOf('getGroup')).toEqual(['{{session}}', '{{groupId}}']);
  expect(pathOf('getChannel')).toEqual(['{{session}}', '{{channelId}}']);
  expect(pathOf('getMessage')).toEqual(['{{session}}', '{{chatId}}', '{{messageId}}']);
  expect(requestOf('sendText').body?.raw).toContain('"chatId": "{{chatId}}"');
  expect(requestOf('forwardMessage').body?.raw).toContain('"messageId": "{{messageId}}"');
});

test('a folder deletes last, so that it can be run', () => {
  for (const { name, item } of collection.item) {
    const deletes = item.map(({ request }) => request.method === 'DELETE');
    expect(deletes, name).toEqual(deletes.toSorted());
  }
});

test('files are of the kind that the operation sends', () => {
  const fileOf = (id: string) => JSON.parse(requestOf(id).body?.raw ?? '').file.mimetype;
  expect(['sendImage', 'sendVideo', 'sendVoice', 'sendVideoStatus', 'sendVoiceStatus'].map(fileOf)).toEqual([
    'image/png',
    'video/mp4',
    'audio/ogg; codecs=opus',
    'video/mp4',
    'audio/ogg; codecs=opus',
  ]);
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
