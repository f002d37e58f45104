/**
 * The phone API: what a person or a test does with the phone of a simulated WhatsApp Web.
 *
 * JSON over plain HTTP on loopback, local mode and tests only. Reads are GET with a query, actions are POST with a
 * JSON body. A refusal is `{ error: { code, message } }` with a 4xx status and one of `phoneErrorCodes`.
 */
import type * as z from 'zod';
import { behaviorRoutes } from './behavior.ts';
import { happeningRoutes } from './happenings.ts';
import { linkingRoutes } from './linking.ts';
import { messageRoutes } from './messages.ts';

export {
  type PendingPage,
  type PhoneAccount,
  type PhoneErrorCode,
  type PhoneMessage,
  phoneErrorSchema,
} from './base.ts';

type Route = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly request: z.ZodType;
  readonly response: z.ZodType;
};

/** Every operation of the phone, as data: the server dispatches on it and the client is made from it. */
export const phoneRoutes = {
  ...linkingRoutes,
  ...messageRoutes,
  ...happeningRoutes,
  ...behaviorRoutes,
} as const satisfies Record<string, Route>;

export type PhoneRoutes = typeof phoneRoutes;
export type PhoneOperation = keyof PhoneRoutes;
/** The caller's input. */
export type PhoneInput<K extends PhoneOperation> = z.input<PhoneRoutes[K]['request']>;
/** The simulator's input after validation. */
export type PhoneRequest<K extends PhoneOperation> = z.output<PhoneRoutes[K]['request']>;
export type PhoneResponse<K extends PhoneOperation> = z.output<PhoneRoutes[K]['response']>;
