import * as z from 'zod';
import {
  createdKeySchema,
  createKeyRequestSchema,
  keyViewSchema,
  sessionKeyRequestSchema,
  updateKeyRequestSchema,
} from '../bodies/admin.ts';
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
  responses: { 200: { description: 'Every key, without its secret.', body: z.array(keyViewSchema) } },
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
  responses: {
    201: { description: 'The key. `key` is shown only in this response.', body: createdKeySchema },
  },
  problems: ['conflict'],
});

export const createControlKey = operation({
  id: 'createControlKey',
  method: 'POST',
  path: '/api/keys/control',
  handler: 'keys',
  auth: 'admin',
  scope: 'admin',
  audited: true,
  waha: true,
  client: 'keys.createControl',
  tag: 'Keys',
  summary: 'Make an API key that starts, stops and links one session',
  query: ownerQuerySchema,
  body: sessionKeyRequestSchema,
  responses: { 201: { description: 'The only time that `key` is shown.', body: createdKeySchema } },
  problems: ['conflict'],
});

export const createMediaKey = operation({
  id: 'createMediaKey',
  method: 'POST',
  path: '/api/keys/media',
  handler: 'keys',
  auth: 'admin',
  scope: 'admin',
  audited: true,
  waha: true,
  client: 'keys.createMedia',
  tag: 'Keys',
  summary: 'Make an API key that reads messages and files of one session',
  query: ownerQuerySchema,
  body: sessionKeyRequestSchema,
  responses: { 201: { description: 'The only time that `key` is shown.', body: createdKeySchema } },
  problems: ['conflict'],
});

export const updateKey = operation({
  id: 'updateKey',
  method: 'PUT',
  path: '/api/keys/{id}',
  handler: 'keys',
  auth: 'admin',
  scope: 'admin',
  audited: true,
  waha: true,
  client: 'keys.update',
  tag: 'Keys',
  summary: 'Change what an API key may do, or make it inactive',
  description:
    'Omitted fields stay; `null` takes a restriction away. The key itself stays the same. Both Berth’s words and ' +
    'WAHA’s are taken; if both are given, Berth’s count.',
  params: z.object({ id: z.string().max(64).describe("The key's id, as listed.") }),
  query: ownerQuerySchema,
  body: updateKeyRequestSchema,
  responses: { 200: { description: 'The key, without its secret.', body: keyViewSchema } },
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
  responses: { 200: { description: 'It is revoked.', body: nothingSchema } },
});
