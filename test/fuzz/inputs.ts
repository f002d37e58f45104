/** Inputs of one operation: bad ones, each by one kind of mischief, and odd ones that its schemas take. */
import fc from 'fast-check';
import * as z from 'zod';
import type { Operation } from '../../contract/operation.ts';
import type { RawRequest } from './raw-http.ts';
import { fitting, LONG, ODD_JSON, ODD_KEYS, ODD_STRINGS } from './values.ts';

export type Input = RawRequest & {
  /** The mutation of the request. */
  readonly kind: string;
  /** It carries no valid key, although the operation requires one. */
  readonly anonymous: boolean;
};

/** The objects of the system under test. */
export type Known = {
  readonly apiKey: string;
  /** `<sessionId>.<epoch>.<secret>` of a worker that exists. */
  readonly worker: string;
  /** Sessions by name: one that a worker has, one that is stopped. */
  readonly running: string;
  readonly stopped: string;
};

/** A request before it is put into bytes. */
type Draft = {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
};

type Parts = {
  readonly kind: string;
  readonly method?: string;
  readonly target: string;
  /** Replaces those of the same name; undefined leaves it out. */
  readonly headers?: readonly (readonly [string, string | undefined])[];
  readonly body?: Buffer | string;
  readonly anonymous?: boolean;
};

const jsonSchemaOf = (schema: z.ZodType): unknown =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', metadata: z.registry() });

/**
 * Requests that must not be made, even if they are allowed: they would end sessions that the other inputs need, or
 * wait.
 */
const TAMED: Readonly<Record<string, { query?: object; body?: object }>> = {
  setLimits: { body: { global: 1 } },
  cleanUp: { body: { dryRun: true } },
  drain: { body: { dryRun: true } },
};
const ENDS_SESSIONS = ['stopSession', 'restartSession', 'deleteSession', 'logoutSession', 'startSession'];
const WAITS = ['wait', 'timeout'];

const draftOf = (operation: Operation, known: Known): fc.Arbitrary<Draft> => {
  const names = ENDS_SESSIONS.includes(operation.id)
    ? [known.stopped, 'missing']
    : [known.running, known.stopped, 'missing'];
  const params = operation.params
    ? Object.fromEntries(
        Object.entries(operation.params.shape).map(([name, schema]) => [
          name,
          name === 'name' || name === 'session'
            ? fc.constantFrom(...names)
            : fitting(jsonSchemaOf(schema)).map(String),
        ]),
      )
    : {};
  const tamed = TAMED[operation.id];
  return fc.record({
    params: fc.record(params),
    query: (operation.query ? fitting(jsonSchemaOf(operation.query)) : fc.constant({})).map((query) => ({
      ...Object(query),
      ...Object.fromEntries(
        WAITS.filter((name) => name in (operation.query?.shape ?? {}))
          // A status to wait for is a text, and is not waited for.
          .map((name) => [
            name,
            name === 'wait' && 'timeout' in (operation.query?.shape ?? {}) ? undefined : 0,
          ]),
      ),
    })),
    body: (operation.body ? fitting(jsonSchemaOf(operation.body)) : fc.constant(undefined)).map((body) => {
      if (typeof body !== 'object' || body === null) return body;
      const named = 'session' in body ? { session: known.running } : {};
      return { ...body, ...named, ...tamed?.body };
    }),
  });
};

const encode = (text: string): string => encodeURIComponent(text.toWellFormed());

const pathOf = (operation: Operation, params: Readonly<Record<string, string>>): string =>
  operation.path.replace(/\{(\w+)\+?\}/g, (_, name: string) => encode(params[name] ?? ''));

const queryText = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.length === 0 ? '' : `?${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`;

const pairsOf = (query: Draft['query']): [string, string][] =>
  Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[encode(name), encode(String(value))]],
  );

const targetOf = (operation: Operation, draft: Draft): string =>
  pathOf(operation, draft.params) + queryText(pairsOf(draft.query));

const textOf = (body: unknown): string => (body === undefined ? '' : JSON.stringify(body));

/** Every place in a JSON value. */
const placesOf = (value: unknown, at: readonly (string | number)[] = []): (string | number)[][] => {
  if (typeof value !== 'object' || value === null) return [[...at]];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return [[...at], ...entries.flatMap(([key, part]) => placesOf(part, [...at, key]))];
};

const HERE = '\u0001here\u0001';

const replaced = (value: unknown, [key, ...rest]: readonly (string | number)[]): unknown => {
  if (key === undefined) return HERE;
  if (Array.isArray(value)) return value.map((part, i) => (i === key ? replaced(part, rest) : part));
  return Object.fromEntries(
    Object.entries(Object(value)).map(([name, part]) => [name, name === key ? replaced(part, rest) : part]),
  );
};

const valueAt = (value: unknown, place: readonly (string | number)[]): unknown =>
  place.reduce<unknown>((part, key) => Reflect.get(Object(part), key), value);

/** The JSON of a value with another text at one place: what no JSON.stringify would write. */
const withTextAt = (value: unknown, place: readonly (string | number)[], text: string): string =>
  JSON.stringify(replaced(value, place)).replace(JSON.stringify(HERE), () => text);

const oddBody = (body: unknown): fc.Arbitrary<string> => {
  const places = placesOf(body);
  const anywhere = fc.constantFrom(...places);
  const objects = places.filter((place) => {
    const value = valueAt(body, place);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  });
  const intoObject = (first: (key: string, rest: string) => string) =>
    fc
      .tuple(fc.constantFrom(...(objects.length > 0 ? objects : [[]])), fc.constantFrom(...ODD_KEYS))
      .map(([place, key]) => {
        const rest = JSON.stringify(valueAt(body, place) ?? {}).slice(1);
        return withTextAt(body, place, first(JSON.stringify(key), rest === '}' ? rest : `,${rest}`));
      });
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(anywhere, fc.constantFrom(...ODD_JSON))
        .map(([at, text]) => withTextAt(body, at, text)),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...ODD_JSON), fc.integer({ min: 0, max: 20 }))
        .chain(([text]) => intoObject((key, rest) => `{${key}:${text}${rest}`)),
    },
    // The same name twice: the later one counts, for every reader alike.
    { weight: 1, arbitrary: intoObject((_, rest) => `{"name":"a","name":{},"session":1${rest}`) },
  );
};

/** Bodies that are not JSON, or not accepted JSON. */
const BROKEN_BODIES: readonly (Buffer | string)[] = [
  '{',
  '{"a":1',
  '{"a":1,}',
  "{'a':1}",
  '{"a":NaN}',
  'undefined',
  '\ufeff{}',
  '[1,2',
  '"',
  'null',
  '0',
  '[]',
  '"text"',
  '{} {}',
  '{"a":"\u0001"}',
  '\u0000',
  Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
  Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
  Buffer.from([0x1f, 0x8b, 0x08, 0x00]),
  '['.repeat(200_000),
  `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
  `{"a":"${'\\ud800'.repeat(20_000)}"}`,
  ' '.repeat(1_200_000),
];

const CONTENT_TYPES: readonly (string | undefined)[] = [
  undefined,
  '',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/jsonx',
  'text/json',
  'application/json, text/plain',
  'json',
  `application/${'a.'.repeat(2000)}+json!`,
  'application/json; charset=utf-16',
];

const PATH_PARTS: readonly string[] = [
  '..',
  '.',
  '%2e%2e',
  '%2e%2e%2f%2e%2e',
  '..%2f..%2fkeys',
  '%252e%252e',
  '%2F',
  '%5c..%5c',
  '%00',
  'a%00b',
  '%',
  '%zz',
  '%ff',
  '%c0%ae%c0%ae',
  '%ed%a0%80',
  '%0d%0aX-Injected:%201',
  '%20',
  '+',
  '*',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'META',
  '%23',
  '%F0%9F%98%80',
  'a'.repeat(65),
  'a'.repeat(4000),
  '%61'.repeat(1000),
  ';a=b',
  'a:b@c',
  '{name}',
  '%7Bname%7D',
];

const TARGETS: readonly ((target: string) => string)[] = [
  (target) => `/${target}`,
  (target) => `${target.split('?')[0]}/`,
  (target) => `/.${target}`,
  (target) => `/x/..${target}`,
  (target) => `/%2e${target}`,
  (target) => target.replace(/\/(?=[^/]*$)/, '%2f'),
  (target) => target.replace(/\/(?=[^/]*$)/, '\\'),
  (target) => target.toUpperCase(),
  (target) => `http://evil.example${target}`,
  (target) => `${target}#fragment`,
  (target) => `${target.split('?')[0]}?${'a=1&'.repeat(1500)}`,
  (target) => `${target}${'/a'.repeat(3000)}`,
  (target) => target.replace('/', '/\u0001'),
  () => '*',
  () => '//',
  () => '/%',
];
const METHODS: readonly string[] = ['PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'get', 'GETX'];

const HEADERS: readonly (readonly [string, string])[] = [
  ['X-Api-Key', 'berth_other'],
  ['X-Odd', 'a\r\nX-Injected: 1'],
  ['X-Odd', 'a\nX-Injected: 1'],
  ['X-Odd', 'a\r\n\r\nGET /ping HTTP/1.1\r\nHost: x'],
  ['X-Odd', 'a\u0000b'],
  ['X-Odd', '\xff\xfe'],
  ['X-Odd', LONG.slice(0, 9_000)],
  ['X-Odd', LONG.slice(0, 20_000)],
  ['X-Odd', LONG],
  ['X Odd', 'a'],
  ['', 'a'],
  ['__proto__', 'a'],
  ['constructor', 'a'],
  ['Content-Type', 'text/plain'],
  ['Content-Length', '5'],
  ['Content-Length', '-1'],
  ['Content-Length', '1e3'],
  ['Transfer-Encoding', 'chunked'],
  ['Transfer-Encoding', 'chunked, identity'],
  ['Content-Encoding', 'gzip'],
  ['Content-Encoding', 'br, gzip'],
  ['Expect', '100-continue'],
  ['Expect', 'nonsense'],
  ['Upgrade', 'websocket'],
  ['Host', 'evil.example'],
  ['Host', ''],
  ['X-Forwarded-Proto', 'https\r\nX-Injected: 1'],
  ['X-Forwarded-For', '127.0.0.1'],
  ['X-Http-Method-Override', 'DELETE'],
  ['Accept', '*/*;q=nonsense,,,'],
  ['Accept', '../../'],
  ['Origin', 'null'],
  ['Cookie', `berth_session=${'x'.repeat(4000)}`],
  ['Cookie', '=; ; __proto__=1'],
  ['Authorization', 'Bearer a.b.c.d'],
  ['Authorization', 'Basic AAAA'],
  ['Last-Event-ID', '1.2.3.x'],
  ['If-None-Match', '"'],
  ['Idempotency-Key', ''],
  ['Idempotency-Key', 'has space'],
  ['Idempotency-Key', 'x'.repeat(129)],
  ['Idempotency-Key', '\u00fc'],
];

const WRONG_KEYS: readonly (string | undefined)[] = [
  undefined,
  '',
  'berth_',
  `berth_${'A'.repeat(43)}`,
  `berth_${'A'.repeat(5000)}`,
  'berth_\u0000',
  'berth___proto__',
  '\xfc\xfc',
  '*',
];
const WRONG_SECRETS: readonly (string | undefined)[] = [
  undefined,
  'Bearer',
  'Bearer ',
  'Bearer ..',
  'Bearer ses_x.1.AAAA',
  'Bearer __proto__.1.x',
  `Bearer ses_x.999999999999999999999.${'A'.repeat(43)}`,
  `Bearer ses_x.NaN.${'A'.repeat(43)}`,
  `Bearer ${'.'.repeat(1000)}`,
  'Basic AAAA',
];

/** Names and values of query parameters, as they are written. */
const oddQuery = (operation: Operation, draft: Draft): fc.Arbitrary<[string, string][]> => {
  const own = Object.keys(operation.query?.shape ?? {});
  const name = fc.oneof(
    fc.constantFrom(...own, 'unknown'),
    fc.constantFrom(...ODD_KEYS.filter((key) => key.length < 100).map(encode), 'userId[]', '%', '%zz', '%ff'),
  );
  const value = fc.oneof(
    fc.constantFrom(...ODD_STRINGS.map((text) => encode(text.slice(0, 2000)))),
    fc.constantFrom('%', '%zz', '%00', '%ff', '+', '-1', '26', '1e9', '0x1', 'Infinity', '', '%E2%80%AE'),
  );
  const known = pairsOf(draft.query);
  return fc.oneof(
    fc
      .tuple(name, value)
      .map(([n, v]): [string, string][] => [...known.filter(([each]) => each !== n), [n, v]]),
    // The same name twice.
    fc.tuple(name, value, value).map(([n, v, w]): [string, string][] => [...known, [n, v], [n, w]]),
  );
};

const badParts = (operation: Operation, draft: Draft): fc.Arbitrary<Parts> => {
  const target = targetOf(operation, draft);
  const params = Object.keys(draft.params);
  const worker = operation.auth === 'worker';
  const kinds: fc.WeightedArbitrary<Parts>[] = [
    {
      weight: 2,
      arbitrary: oddQuery(operation, draft).map((pairs) => ({
        kind: 'query',
        target: pathOf(operation, draft.params) + queryText(pairs),
      })),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...TARGETS).map((change) => ({ kind: 'target', target: change(target) })),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...METHODS).map((method) => ({ kind: 'method', method, target })),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(...HEADERS).map((header) => ({ kind: 'header', target, headers: [header] })),
    },
  ];
  if (operation.auth !== 'none')
    kinds.push({
      weight: 1,
      arbitrary: fc.constantFrom(...(worker ? WRONG_SECRETS : WRONG_KEYS)).map((secret) => ({
        kind: 'key',
        target,
        headers: [[worker ? 'Authorization' : 'X-Api-Key', secret]],
        anonymous: true,
      })),
    });
  if (params.length > 0)
    kinds.push({
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom(...params), fc.constantFrom(...PATH_PARTS)).map(([name, part]) => ({
        kind: 'path',
        target:
          operation.path.replace(/\{(\w+)\+?\}/g, (_, each: string) =>
            each === name ? part : encode(draft.params[each] ?? ''),
          ) + queryText(pairsOf(draft.query)),
      })),
    });
  if (operation.body)
    kinds.push(
      { weight: 8, arbitrary: oddBody(draft.body).map((body) => ({ kind: 'body', target, body })) },
      {
        weight: 3,
        arbitrary: fc.constantFrom(...BROKEN_BODIES).map((body) => ({ kind: 'no JSON', target, body })),
      },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom(...CONTENT_TYPES)
          .map((type) => ({ kind: 'type', target, headers: [['Content-Type', type]] })),
      },
    );
  return fc.oneof(...kinds);
};

const inputOf = (operation: Operation, known: Known, draft: Draft, parts: Parts): Input => {
  const body = Buffer.from(parts.body ?? textOf(draft.body));
  const usual: [string, string | undefined][] = [
    ['Host', '127.0.0.1'],
    ['Connection', 'close'],
    ['X-Api-Key', operation.auth === 'worker' ? undefined : known.apiKey],
    ['Authorization', operation.auth === 'worker' ? `Bearer ${known.worker}` : undefined],
    ['Content-Type', body.length > 0 ? 'application/json' : undefined],
  ];
  // A duplicate header is a fault to test too, so a header of the case is sent beside the usual one.
  const replacing = parts.kind === 'key' || parts.kind === 'type';
  const own = parts.headers ?? [];
  const headers = [
    ...usual.filter(([name]) => !replacing || own.every(([each]) => each !== name)),
    ...own,
  ].flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]));
  const chunked = headers.some(([name]) => name === 'Transfer-Encoding');
  return {
    kind: parts.kind,
    method: parts.method ?? operation.method,
    target: parts.target,
    headers: [...headers, ...(chunked ? [] : [['Content-Length', String(body.length)] as const])],
    // Without its last chunk it would be no request yet.
    body: chunked ? Buffer.concat([body, Buffer.from('\r\n0\r\n\r\n')]) : body,
    anonymous: parts.anonymous === true && operation.auth !== 'none',
  };
};

/** One mischief each; most are refused by the schemas, all must be taken calmly. */
export const badInputs = (operation: Operation, known: Known): fc.Arbitrary<Input> =>
  draftOf(operation, known).chain((draft) =>
    badParts(operation, draft).map((parts) => inputOf(operation, known, draft, parts)),
  );

/** As the schemas allow, to their ends. */
export const oddInputs = (operation: Operation, known: Known): fc.Arbitrary<Input> =>
  draftOf(operation, known).map((draft) =>
    inputOf(operation, known, draft, { kind: 'odd', target: targetOf(operation, draft) }),
  );
