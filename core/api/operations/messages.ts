import { messageSchema } from '../../commands.ts';
import { acceptedCommandSchema, commandQuerySchema, sendTextRequestSchema } from '../commands.ts';
import { operation } from '../operation.ts';

export const sendText = operation({
  id: 'sendText',
  method: 'POST',
  path: '/api/sendText',
  handler: 'commands-run',
  auth: 'key',
  tag: 'Messages',
  summary: 'Send a text message',
  query: commandQuerySchema,
  body: sendTextRequestSchema,
  idempotencyKey: true,
  answers: {
    201: { description: "WhatsApp's server has accepted it.", body: messageSchema },
    202: {
      description: 'With `wake=true`: the session is being started, and it is sent once that works.',
      body: acceptedCommandSchema,
    },
  },
  problems: ['not_found', 'conflict', 'unprocessable', 'too_many', 'worker_failed', 'worker_timeout'],
});
