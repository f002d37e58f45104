import * as z from 'zod';
import { sendTextArgs } from '../commands.ts';
import { sessionNameSchema } from './sessions.ts';

/** Bodies of the command routes: the command's arguments, and `session`. */
export const sendTextRequestSchema = sendTextArgs.extend({ session: sessionNameSchema.default('default') });

/** `GET /api/{session}/auth/qr` */
export const qrQuerySchema = z.strictObject({
  format: z.enum(['image', 'raw']).default('image'),
  wait: z.coerce.number().min(0).max(25).default(0),
  userId: z.string().optional(),
});
export const qrRawSchema = z.object({ value: z.string() });
export const qrImageJsonSchema = z.object({ mimetype: z.string(), data: z.base64() });
export const pairingCodeSchema = z.object({ code: z.string() });

/** `GET /api/sessions` */
export const listSessionsQuerySchema = z.strictObject({
  all: z.stringbool().default(false),
  userId: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  cursor: z.string().max(2048).optional(),
});

/** `GET /api/sessions/{name}`: `wait=status!=STARTING` or `wait=status=WORKING`, for up to `timeout` seconds. */
export const getSessionQuerySchema = z.strictObject({
  wait: z
    .string()
    .regex(/^(status|state)!?=[A-Z_]+$/, 'must be like status!=STARTING')
    .optional(),
  timeout: z.coerce.number().min(0).max(25).default(25),
  userId: z.string().optional(),
});
