import * as z from 'zod';
import { problemSchema } from '../errors.ts';
import { sessionNameSchema, userIdSchema } from '../names.ts';
import { ownerQuerySchema } from '../operation.ts';
import { sendTextArgs } from '../whatsapp/messages.ts';

/** How long a request may wait for what it asks for. */
const waitSeconds = z.coerce.number().min(0).max(25).default(0);

/** A command's arguments together with the session that is to carry it out. */
const inSession = <S extends z.ZodRawShape>(args: z.ZodObject<S, z.core.$strict>) =>
  args.extend({ session: sessionNameSchema.default('default') });

export const sendTextRequestSchema = inSession(sendTextArgs);

/** Of the command routes: `wake=true` starts a stopped, linked session first. */
export const commandQuerySchema = ownerQuerySchema.extend({ wake: z.stringbool().default(false) });

/** 202 of a command route: it is carried out once the session works; `GET /api/commands/{id}` has the result. */
export const acceptedCommandSchema = z.object({ commandId: z.string() });

/** `GET /api/commands/{id}?wait=25` answers once the command is settled, or as things stand after `wait` seconds. */
export const commandStatusQuerySchema = ownerQuerySchema.extend({
  wait: waitSeconds,
});
export const commandViewSchema = z.object({
  id: z.string(),
  session: z.string(),
  /** `unknown`: handed to the worker, which gave no answer; it may have been carried out and is not repeated. */
  status: z.enum(['pending', 'running', 'done', 'failed', 'unknown']),
  /** The answer that the command's route would have given. */
  result: z.unknown().optional(),
  problem: problemSchema.optional(),
});
export type CommandView = z.infer<typeof commandViewSchema>;

/** `GET /api/{session}/auth/qr` */
export const qrQuerySchema = ownerQuerySchema.extend({
  format: z.enum(['image', 'raw']).default('image'),
  wait: waitSeconds,
});
/**
 * `POST /api/sessions` and `…/start`: waits up to so many seconds until the session works, or needs a QR code, which the
 * response then has.
 */
export const startQuerySchema = ownerQuerySchema.extend({
  wait: waitSeconds,
});
/** `GET /api/{session}/auth/passkey/challenge` and `…/confirmation`: waits up to so many seconds for it. */
export const passkeyQuerySchema = ownerQuerySchema.extend({
  wait: waitSeconds,
});
/** How long the code still lives, in ms: a length, so that it is correct with any clock of the reader. */
export const QR_LIFE_HEADER = 'x-qr-life-ms';
export const qrRawSchema = z.object({ value: z.string() });
export const qrImageJsonSchema = z.object({ mimetype: z.string(), data: z.base64() });
export const pairingCodeSchema = z.object({
  code: z.string().describe('As `ABCD-EFGH`.'),
  expiresAt: z.iso.datetime().describe('When WhatsApp is expected to replace it.'),
});
export type PairingCodeView = z.infer<typeof pairingCodeSchema>;

/** `GET /api/sessions` */
export const listSessionsQuerySchema = z.strictObject({
  all: z.stringbool().default(false),
  userId: z
    .union([userIdSchema, z.literal('*')])
    .optional()
    .describe('For admins: the owner, or * for all users. Default: yourself.'),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  cursor: z.string().max(2048).optional(),
});

/** `GET /api/sessions/{name}`: `wait=status!=STARTING` or `wait=status=WORKING`, for up to `timeout` seconds. */
export const getSessionQuerySchema = ownerQuerySchema.extend({
  wait: z
    .string()
    .regex(/^(status|state)!?=[A-Z_]+$/, 'must be like status!=STARTING')
    .optional(),
  timeout: z.coerce.number().min(0).max(25).default(25),
});
