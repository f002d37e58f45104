/** Operations that the dashboard needs beside those of every caller. */
import {
  callerViewSchema,
  historyQuerySchema,
  historyViewSchema,
  signInRequestSchema,
} from '../bodies/dashboard.ts';
import { PAGE_PATH } from '../dashboard-path.ts';
import { operation } from '../operation.ts';

export const signIn = operation({
  id: 'signIn',
  method: 'POST',
  path: `${PAGE_PATH}/sign-in`,
  handler: 'access',
  auth: 'none',
  scope: null,
  repeatable: true,
  summary: 'Sign in to the dashboard: exchanges an API key for a cookie',
  body: signInRequestSchema,
  responses: { 204: { description: 'Signed in.' } },
  problems: ['unauthorized', 'too_many'],
});

export const signOut = operation({
  id: 'signOut',
  method: 'POST',
  path: `${PAGE_PATH}/sign-out`,
  handler: 'access',
  auth: 'none',
  scope: null,
  client: 'signOut',
  repeatable: true,
  summary: 'Sign out of the dashboard',
  responses: { 204: { description: 'Signed out.' } },
  problems: ['forbidden'],
});

export const getCaller = operation({
  id: 'getCaller',
  method: 'GET',
  path: '/api/me',
  handler: 'access',
  auth: 'key',
  scope: null,
  client: 'me',
  tag: 'Keys',
  summary: 'Your user, and the permissions of your key',
  responses: { 200: { description: 'Your key, without its secret.', body: callerViewSchema } },
});

export const getHistory = operation({
  id: 'getHistory',
  method: 'GET',
  path: '/api/stats/history',
  handler: 'capacity',
  auth: 'admin',
  scope: 'admin',
  client: 'statsHistory',
  tag: 'Capacity',
  summary: 'Slots in use over time',
  description:
    'One sample per minute, kept for two days. Above 288 samples, adjacent ones are merged into one point.',
  query: historyQuerySchema,
  responses: { 200: { description: 'The trend.', body: historyViewSchema } },
});
