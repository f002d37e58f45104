import * as z from 'zod';
import { operation } from '../operation.ts';

/** A received file. Webhooks get its address; no program has to make one. */
export const getFile = operation({
  id: 'getFile',
  method: 'GET',
  path: '/api/files/{sessionId}/{file}',
  handler: 'files',
  auth: 'none',
  scope: null,
  summary: 'A received file: redirects to its stored content',
  description:
    'The address comes with the event of the message and needs no key, because it cannot be guessed. It is valid for six ' +
    'hours, at most as long as the session exists. The redirect leads to the stored file and is valid for five minutes.',
  params: z.object({
    sessionId: z.string().regex(/^ses_[\w-]{1,64}$/),
    file: z.string().regex(/^[\w-]{20,64}$/),
  }),
  // WAHA's clients write a key behind the address, for an `<img>` tag. It is not read.
  query: z.object({}),
  responses: { 302: { description: 'Its address.', headers: { Location: 'The stored file.' } } },
});
