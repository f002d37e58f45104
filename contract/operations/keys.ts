import * as z from 'zod';
import { createdKeySchema, createKeyRequestSchema, keyViewSchema } from '../bodies/admin.ts';
import { nothingSchema, operation, ownerQuerySchema } from '../operation.ts';

export const listKeys = operation({
  id: 'listKeys',
  method: 'GET',
  path: '/api/keys',
  handler: 'keys',
  auth: 'admin',
  scope: 'admin',
  waha: true,
  client: 'keys.list',
  tag: 'Keys',
  summary: 'List API keys',
  query: ownerQuerySchema,
  answers: { 200: { description: 'Every key, without its secret.', body: z.array(keyViewSchema) } },
});

export const createKey = operation({
  id: 'createKey',
  method: 'POST',
  path: '/api/keys',
  handler: 'keys',
  auth: 'admin',
  scope: 'admin',
  waha: true,
  client: 'keys.create',
  audited: true,
  tag: 'Keys',
  summary: 'Create an API key',
  query: ownerQuerySchema,
  body: createKeyRequestSchema,
  answers: { 201: { description: 'The key. `key` is shown only in this response.', body: createdKeySchema } },
  problems: ['conflict'],
});

export const deleteKey = operation({
  id: 'deleteKey',
  method: 'DELETE',
  path: '/api/keys/{id}',
  handler: 'keys',
  auth: 'admin',
  scope: 'admin',
  waha: true,
  client: 'keys.delete',
  audited: true,
  tag: 'Keys',
  summary: 'Revoke an API key, at once',
  params: z.object({ id: z.string().max(64).describe("The key's id, as listed.") }),
  query: ownerQuerySchema,
  answers: { 200: { description: 'It is revoked.', body: nothingSchema } },
});
