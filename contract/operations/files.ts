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
  summary: 'A file that an account received: leads to where it is stored',
  description:
    'The address comes with the event of the message and needs no key, since nobody can guess it. It is good for six hours, ' +
    'or as long as the session. The answer leads to the stored file by an address that is good for five minutes.',
  params: z.object({
    sessionId: z.string().regex(/^ses_[\w-]{1,64}$/),
    file: z.string().regex(/^[\w-]{20,64}$/),
  }),
  answers: { 302: { description: 'Where it is.', headers: { Location: 'The stored file.' } } },
});
