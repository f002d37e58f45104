import * as z from 'zod';
import { healthViewSchema } from '../bodies/admin.ts';
import { operation } from '../operation.ts';

export const ping = operation({
  id: 'ping',
  method: 'GET',
  path: '/ping',
  handler: 'health',
  auth: 'none',
  scope: null,
  waha: true,
  client: 'ping',
  tag: 'Health',
  summary: 'Responds while the API is up',
  responses: { 200: { description: 'It is up.', body: z.strictObject({ message: z.literal('pong') }) } },
});

const statusOnly = healthViewSchema.pick({ status: true }).strict();

export const getHealth = operation({
  id: 'getHealth',
  method: 'GET',
  path: '/health',
  handler: 'health',
  auth: 'none',
  scope: null,
  waha: true,
  tag: 'Health',
  summary: 'Health for load balancers and monitors: status only',
  responses: {
    200: { description: 'The database responds.', body: statusOnly },
    503: { description: 'The database does not respond.', body: statusOnly },
  },
});

export const getHealthDetail = operation({
  id: 'getHealthDetail',
  method: 'GET',
  path: '/api/health',
  handler: 'health-detail',
  auth: 'key',
  scope: 'sessions:read',
  tag: 'Health',
  summary: 'Health of each part, and the slots in use',
  responses: {
    200: { description: 'Every part works.', body: healthViewSchema },
    503: { description: 'A part fails; `checks` names it.', body: healthViewSchema },
  },
});
