import * as z from 'zod';
import {
  buildViewSchema,
  changeEngineRequestSchema,
  engineViewSchema,
  saveBuildRequestSchema,
} from '../bodies/engine.ts';
import { buildVersionSchema } from '../builds/version.ts';
import { LARGEST_BODY_BYTES, nothingSchema, operation } from '../operation.ts';

const versionParams = z.object({
  version: buildVersionSchema.describe('A version of WhatsApp Web, like 2.3000.1043565534.'),
});

export const getEngine = operation({
  id: 'getEngine',
  method: 'GET',
  path: '/api/engine',
  handler: 'engine',
  auth: 'admin',
  scope: 'admin',
  client: 'engine.get',
  tag: 'Engine',
  summary: 'The builds of WhatsApp Web in use, and how starts end with each',
  responses: { 200: { description: 'The build in use, and every known build.', body: engineViewSchema } },
});

export const setEngine = operation({
  id: 'setEngine',
  method: 'PUT',
  path: '/api/engine',
  handler: 'engine',
  auth: 'admin',
  scope: 'admin',
  client: 'engine.set',
  audited: true,
  tag: 'Engine',
  summary: 'Pin or unpin a build, or change the share of probing starts',
  description: 'Takes effect with the next start. Running sessions keep their build.',
  body: changeEngineRequestSchema,
  responses: { 200: { description: 'The state after the change.', body: engineViewSchema } },
  problems: ['unprocessable'],
});

export const saveBuild = operation({
  id: 'saveBuild',
  method: 'PUT',
  path: '/api/engine/builds/{version}',
  handler: 'engine',
  auth: 'admin',
  scope: 'admin',
  client: 'engine.saveBuild',
  audited: true,
  tag: 'Engine',
  summary: "Store a build's HTML, so that it can be pinned and fallen back to",
  description: 'Storing a build again replaces its HTML.',
  params: versionParams,
  body: saveBuildRequestSchema,
  maxBodyBytes: LARGEST_BODY_BYTES,
  responses: { 200: { description: 'The stored build.', body: buildViewSchema } },
  problems: ['unprocessable'],
});

export const removeBuild = operation({
  id: 'removeBuild',
  method: 'DELETE',
  path: '/api/engine/builds/{version}',
  handler: 'engine',
  auth: 'admin',
  scope: 'admin',
  client: 'engine.removeBuild',
  audited: true,
  tag: 'Engine',
  summary: 'Remove a stored build',
  description: 'A pinned build is not removed: unpin it first. Its statistics stay.',
  params: versionParams,
  responses: { 200: { description: 'It is removed.', body: nothingSchema } },
  problems: ['unprocessable'],
});
