/**
 * An operation of the HTTP API: one description from which come the gateway's route, the validation of requests at
 * the functions' edge, the types of handlers and their answers, and the OpenAPI document.
 */
import * as z from 'zod';
import type { ProblemCode } from './errors.ts';
import { userIdSchema } from './names.ts';
import type { Scope } from './scopes.ts';

/**
 * The allowed callers: anyone; a key of any role; an admin key; a worker with its own secret (checked by the
 * handler).
 */
export type OperationAuth = 'none' | 'key' | 'admin' | 'worker';

/** The chapters of the documentation, in its order. */
export const TAGS = {
  Sessions: 'Create, start, stop and show sessions. A session is one linked WhatsApp account.',
  Linking: 'Link an account: by QR code or pairing code, and with its passkey when WhatsApp asks for it.',
  Messages: 'Send messages, reactions and presence.',
  Status: 'Publish a Status (story), or take it back.',
  Chats: 'Read chats, messages and contacts, and change how the account keeps them.',
  Groups: 'Groups, and what can be done with one.',
  Channels: 'Channels (newsletters).',
  Labels: 'Labels of business accounts.',
  Profile: "The account's own profile.",
  Presence: 'Show the account as online or offline; see who else is.',
  Commands: 'The result of a command that was answered 202.',
  Events: 'Follow events.',
  Webhooks: 'Deliveries that were given up.',
  Capacity: 'Limits, statistics and cleanup.',
  Engine: 'Builds of WhatsApp Web: which one new starts load, and the results with it.',
  Keys: 'API keys.',
  Health: 'Is it up?',
  Server: 'The server itself, as clients of WAHA ask for it.',
  Documentation: 'This document.',
} as const;
export type Tag = keyof typeof TAGS;

export type ResponseSpec = {
  readonly description: string;
  /** The shape of a JSON answer. */
  readonly body?: z.ZodType;
  /** Content types of answers that are sent as they are. Several, or one beside `body`: the header Accept decides. */
  readonly files?: readonly string[];
  /** The description of each header. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** The allowed callers, and the scope that a key needs. Null: any key, or no key if none is required. */
type Access =
  | { readonly auth: 'none' | 'worker'; readonly scope: null }
  | { readonly auth: 'key'; readonly scope: Exclude<Scope, 'admin'> | null }
  | { readonly auth: 'admin'; readonly scope: 'admin' };

export type Operation = Access & {
  /** The operation's name in documents and generated clients, unique. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` parameters, as API Gateway writes them. */
  readonly path: string;
  /** The handler: functions/<handler>.ts. One handler may serve several operations. */
  readonly handler: string;
  /**
   * The typed client's method, such as `sessions.get`: client/methods.ts is generated from it. Absent: the client has
   * none, or one that is written by hand.
   */
  readonly client?: string;
  /** The arguments that the client's method takes by position before the body; without it the path's parameters. */
  readonly positional?: readonly string[];
  /** A POST that may be repeated after an unknown outcome: a second one changes nothing more. */
  readonly repeatable?: true;
  /**
   * The path is WAHA's: its clients send every field that they know, so fields that the schemas do not know are ignored,
   * and named in `X-Berth-Ignored`. On Berth's own paths they are refused.
   */
  readonly waha?: true;
  /** The query parameter that says for how many seconds the response may be held back. */
  readonly holds?: 'wait' | 'timeout';
  /** It removes or undoes something although its method is POST. */
  readonly destructive?: true;
  /** An administrative act: the audit log has who did it, when, from where and how it ended. */
  readonly audited?: true;
  /** Absent: not part of the documented API (the worker API, pages for people). */
  readonly tag?: Tag;
  /** One line. */
  readonly summary: string;
  /** Details that the summary does not contain. */
  readonly description?: string;
  /** The path's parameters; a value that does not match is a 404. */
  readonly params?: z.ZodObject;
  /** Without it a query is refused. */
  readonly query?: z.ZodObject;
  /** Without it a body is ignored. */
  readonly body?: z.ZodType;
  /** The largest body; DEFAULT_MAX_BODY_BYTES without it, LARGEST_BODY_BYTES at most. */
  readonly maxBodyBytes?: number;
  /** The header `Idempotency-Key` is honored. */
  readonly idempotencyKey?: true;
  /** By status. */
  readonly responses: Readonly<Record<number, ResponseSpec>>;
  /** Further problems beside those that `problemsOf` adds to every such operation. */
  readonly problems?: readonly ProblemCode[];
  /** The worker's command that it is (operations/command-rows.ts). */
  readonly command?: { readonly args: z.ZodObject; readonly result: z.ZodType };
};

/** Room for the largest text with every mention, and for the largest config. */
export const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;

/** Lambda takes 6 MB with everything that API Gateway adds around the body. */
export const LARGEST_BODY_BYTES = 5_900_000;

/** Keeps the literal types: handlers and their answers are checked against them. */
export const operation = <const O extends Operation>(described: O): O => described;

/** The query of operations that are about one user's things. */
/** A path that is kept for older clients; its summary names the successor. */
export const isDeprecated = ({ summary }: Pick<Operation, 'summary'>): boolean =>
  summary.startsWith('Deprecated:');

export const ownerQuerySchema = z.strictObject({
  userId: userIdSchema.optional().describe('For admins: the owner. Default: yourself.'),
});

export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable characters');

/** The body of answers that say nothing beyond their status. */
export const nothingSchema = z.strictObject({});

/** Every problem that the operation can answer, sorted by status by the document. */
export const problemsOf = (described: Operation): ReadonlySet<ProblemCode> => {
  const { auth, params, body, problems = [] } = described;
  const keyed = auth === 'key' || auth === 'admin';
  return new Set<ProblemCode>([
    'internal',
    'unavailable',
    // A query that it does not have, if nothing else.
    'malformed',
    // A scope that the key has not, another user named, a rate that was passed.
    ...(keyed ? (['unauthorized', 'forbidden', 'too_many'] as const) : []),
    ...(params ? (['not_found'] as const) : []),
    ...(body ? (['too_large', 'unsupported_media_type'] as const) : []),
    ...problems,
  ]);
};
