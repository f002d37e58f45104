/** Ids of messages that are yet to be sent, as clients of WAHA ask for them. */
import * as z from 'zod';
import { sessionNameSchema } from '../names.ts';
import { operation, ownerQuerySchema } from '../operation.ts';
import { newMessageIdSchema } from '../whatsapp/message-acts.ts';

const ofSession = z.object({ session: sessionNameSchema.describe("The session's name.") });

const NEW_ID = {
  method: 'GET',
  handler: 'commands',
  auth: 'key',
  scope: 'messages:send',
  params: ofSession,
  query: ownerQuerySchema,
  responses: { 200: { description: 'An id that no message has.', body: newMessageIdSchema } },
} as const;

export const getNewMessageId = operation({
  ...NEW_ID,
  id: 'getNewMessageId',
  waha: true,
  path: '/api/{session}/new-message-id',
  tag: 'Messages',
  client: 'messages.newId',
  summary: 'An id for a message that is yet to be sent',
  description: 'This engine gives messages its own ids: this id is useful as a caller’s mark, not in sends.',
});

export const getNewStatusId = operation({
  ...NEW_ID,
  id: 'getNewStatusId',
  waha: true,
  path: '/api/{session}/status/new-message-id',
  tag: 'Status',
  client: 'status.newId',
  summary: 'An id for a Status that is yet to be published',
  description: 'This engine gives messages its own ids: this id is useful as a caller’s mark, not in sends.',
});
