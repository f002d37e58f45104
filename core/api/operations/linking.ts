import * as z from 'zod';
import { requestCodeArgs } from '../../commands.ts';
import {
  pairingCodeSchema,
  QR_LIFE_HEADER,
  qrImageJsonSchema,
  qrQuerySchema,
  qrRawSchema,
} from '../commands.ts';
import { operation, ownerQuerySchema } from '../operation.ts';
import { sessionNameSchema } from '../sessions.ts';

const session = z.object({ session: sessionNameSchema.describe("The session's name.") });

export const getQr = operation({
  id: 'getQr',
  method: 'GET',
  path: '/api/{session}/auth/qr',
  handler: 'linking',
  auth: 'key',
  tag: 'Linking',
  summary: 'The QR code to scan with the phone',
  description:
    'A PNG; an SVG or JSON by `Accept`; the code itself with `format=raw`. With `wait` it waits for a code. The code ' +
    'is as good as a password until it is renewed, and is stored nowhere.',
  params: session,
  query: qrQuerySchema,
  answers: {
    200: {
      description: 'The code.',
      body: z.union([qrImageJsonSchema, qrRawSchema]),
      files: ['image/png', 'image/svg+xml'],
      headers: { [QR_LIFE_HEADER]: 'Milliseconds until WhatsApp is expected to replace the code.' },
    },
  },
  problems: ['unprocessable', 'too_many', 'worker_failed', 'worker_timeout'],
});

export const requestCode = operation({
  id: 'requestCode',
  method: 'POST',
  path: '/api/{session}/auth/request-code',
  handler: 'linking',
  auth: 'key',
  tag: 'Linking',
  summary: 'A pairing code to type into the phone, instead of a QR code',
  params: session,
  query: ownerQuerySchema,
  body: requestCodeArgs,
  answers: { 201: { description: 'The code.', body: pairingCodeSchema } },
  problems: ['unprocessable', 'too_many', 'worker_failed', 'worker_timeout'],
});
