/** The tools of `berth mcp`, made from the table of operations: pure, without the protocol and without requests. */
import type * as z from 'zod';
import type { Parts } from '../../client/derived.ts';
import type { CallerView } from '../../contract/bodies/dashboard.ts';
import { inputSchemaOf, type JsonSchema } from '../../contract/openapi/schemas.ts';
import { idempotencyKeySchema, isDeprecated, type Operation, type Tag } from '../../contract/operation.ts';
import { PUBLIC_OPERATIONS } from '../../contract/public-operations.ts';
import { mayUse } from '../../contract/scopes.ts';

/** One operation as a tool. */
export type OperationTool = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Parameters of path, query and body side by side; a body that is no plain object is under `body`. */
  readonly inputSchema: JsonSchema;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  readonly operation: Operation;
  /** The request's parts from the tool's arguments. */
  readonly partsOf: (args: Readonly<Record<string, unknown>>) => Parts;
};

type ToolChoice = {
  /** Only tools that change nothing. */
  readonly readOnly?: boolean;
  /** Only tools of these chapters; without it all. */
  readonly tags?: readonly Tag[] | undefined;
  /** Without it, those of Berth. */
  readonly operations?: readonly Operation[];
};

/**
 * Operations without a tool: sign-ins belong to a browser, and a new key must not pass through a language model.
 * `berth keys create` makes keys.
 */
const WITHOUT_TOOL: readonly string[] = [
  'signIn',
  'signOut',
  'createKey',
  'createControlKey',
  'createMediaKey',
];

/**
 * The tools that this key may use: an operation that the key's scopes do not allow is no tool, nor is a deprecated path,
 * which would be a second tool for the same thing.
 */
export const toolsFor = (
  caller: Pick<CallerView, 'role' | 'scopes' | 'sessions'>,
  { readOnly = false, tags, operations = Object.values(PUBLIC_OPERATIONS) }: ToolChoice = {},
): readonly OperationTool[] => {
  const { scopes, sessions } = caller;
  // A key for named sessions has a user's rights, as at the API.
  const holder = { role: sessions ? 'user' : caller.role, scopes: scopes ?? undefined } as const;
  const onlySession = sessions?.length === 1 ? sessions[0] : undefined;
  return operations
    .filter(({ id, scope, tag, summary, responses }) => {
      const isUseful = !isDeprecated({ summary }) && !WITHOUT_TOOL.includes(id);
      const succeeds = Object.keys(responses).some((status) => status.startsWith('2'));
      const allowed = scope === null || mayUse(holder, scope);
      return isUseful && succeeds && allowed && (!tags || (tag && tags.includes(tag)));
    })
    .map((operation) => toolOf(operation, { onlySession, isAdmin: holder.role === 'admin' }))
    .filter((tool) => !readOnly || tool.annotations.readOnlyHint);
};

/** The parameters that the key leaves open: a session, unless it has one only; another user, if it is an admin's. */
type Choice = { readonly onlySession: string | undefined; readonly isAdmin: boolean };

const toolOf = (operation: Operation, choice: Choice): OperationTool => {
  const { id, summary, description } = operation;
  const parts = partsIn(operation, choice);
  return {
    name: id,
    title: summary,
    description: [summary, description].filter(Boolean).join('. '),
    inputSchema: merged(parts),
    annotations: annotationsOf(operation),
    operation,
    partsOf: (args) => split(operation, parts, choice, args),
  };
};

const annotationsOf = ({ method, scope, repeatable, destructive }: Operation) => {
  const readOnlyHint = isReadOnly({ method, scope });
  return {
    readOnlyHint,
    // A sent message is added to a chat. Every other change may replace or end something.
    destructiveHint:
      !readOnlyHint && (destructive === true || method !== 'POST' || scope !== 'messages:send'),
    idempotentHint: method !== 'POST' || repeatable === true,
    openWorldHint: scope === 'messages:send' || scope === 'messages:read',
  };
};

/** Searches by POST read; `GET /api/sendText` sends. A QR code only reads, and grants what a password does. */
const isReadOnly = ({ method, scope }: Pick<Operation, 'method' | 'scope'>): boolean =>
  scope === 'messages:read' || (method === 'GET' && scope !== 'messages:send' && scope !== 'sessions:write');

type InputPart = { readonly from: 'params' | 'query' | 'body' | 'options'; readonly schema: JsonSchema };

/** The JSON Schemas that make up a tool's input. */
const partsIn = (
  { params, query, body, idempotencyKey }: Operation,
  { onlySession, isAdmin }: Choice,
): readonly InputPart[] => {
  const schemaOf = (schema: z.ZodType): JsonSchema => withSession(inputSchemaOf(schema), onlySession);
  const queryOf = (schema: z.ZodType): JsonSchema =>
    isAdmin ? schemaOf(schema) : without(schemaOf(schema), 'userId');
  const before: InputPart[] = [
    ...(params ? [{ from: 'params' as const, schema: schemaOf(params) }] : []),
    ...(query ? [{ from: 'query' as const, schema: queryOf(query) }] : []),
    ...(idempotencyKey ? [{ from: 'options' as const, schema: IDEMPOTENCY }] : []),
  ];
  if (!body) return before;
  const schema = schemaOf(body);
  const taken = new Set(before.flatMap((part) => Object.keys(propertiesOf(part.schema))));
  const fits =
    schema.type === 'object' && Object.keys(propertiesOf(schema)).every((name) => !taken.has(name));
  return [
    ...before,
    {
      from: 'body',
      schema: fits ? schema : { type: 'object', properties: { body: schema }, required: ['body'] },
    },
  ];
};

const IDEMPOTENCY: JsonSchema = {
  type: 'object',
  properties: {
    idempotencyKey: {
      ...inputSchemaOf(idempotencyKeySchema),
      description:
        'A new text for each message. A call that is repeated with the same text sends nothing twice: repeat with it ' +
        'after a result that says that the outcome is unknown.',
    },
  },
};

const propertiesOf = (schema: JsonSchema): Readonly<Record<string, unknown>> =>
  Object(schema.properties ?? {});
const requiredOf = (schema: JsonSchema): readonly string[] =>
  Array.isArray(schema.required) ? schema.required.map(String) : [];

const without = (schema: JsonSchema, name: string): JsonSchema => {
  const { [name]: _removed, ...properties } = propertiesOf(schema);
  return { ...schema, properties };
};

/** The session of a key that has one only need not be named. */
const withSession = (schema: JsonSchema, onlySession: string | undefined): JsonSchema => {
  const properties = propertiesOf(schema);
  if (onlySession === undefined || !('session' in properties)) return schema;
  return {
    ...schema,
    properties: { ...properties, session: { ...Object(properties.session), default: onlySession } },
    required: requiredOf(schema).filter((name) => name !== 'session'),
  };
};

const merged = (parts: readonly InputPart[]): JsonSchema => {
  const required = parts.flatMap(({ schema }) => requiredOf(schema));
  const definitions = Object.assign({}, ...parts.map(({ schema }) => definitionsOf(schema)));
  return {
    type: 'object',
    properties: Object.assign({}, ...parts.map(({ schema }) => propertiesOf(schema))),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
    ...(Object.keys(definitions).length > 0 ? { $defs: definitions } : {}),
  };
};

/** Also those of a body that is under `body`: references count from the root. */
const definitionsOf = (schema: JsonSchema): object => ({
  ...Object(schema.$defs ?? {}),
  ...Object(Object(propertiesOf(schema).body).$defs ?? {}),
});

const split = (
  operation: Operation,
  parts: readonly InputPart[],
  { onlySession }: Choice,
  args: Readonly<Record<string, unknown>>,
): Parts => {
  const given = onlySession === undefined ? args : { session: onlySession, ...args };
  const taken = (from: InputPart['from']): Record<string, unknown> =>
    Object.fromEntries(
      parts
        .filter((part) => part.from === from)
        .flatMap(({ schema }) => Object.keys(propertiesOf(schema)))
        .flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
    );
  const { wake, userId, ...query } = taken('query');
  const body = taken('body');
  const isNested = operation.body !== undefined && 'body' in body && Object.keys(body).length === 1;
  const { holds } = operation;
  const waitSeconds = holds === undefined ? undefined : query[holds];
  const { idempotencyKey } = taken('options');
  return {
    params: Object.fromEntries(Object.entries(taken('params')).map(([name, value]) => [name, String(value)])),
    query,
    ...(operation.body ? { body: isNested ? body.body : body } : {}),
    options: {
      ...(typeof userId === 'string' ? { userId } : {}),
      ...(wake === true || wake === 'true' ? { wake: true } : {}),
      ...(waitSeconds === undefined ? {} : { waitSeconds: Number(waitSeconds) }),
      ...(typeof idempotencyKey === 'string' ? { idempotencyKey } : {}),
    },
  };
};
