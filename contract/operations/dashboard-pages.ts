/** The files of the dashboard. */
import * as z from 'zod';
import { PAGE_PATH } from '../dashboard-path.ts';
import { operation } from '../operation.ts';

/** For people, not for programs: not in the document. */
const page = { method: 'GET', handler: 'dashboard', auth: 'none', scope: null } as const;
const pageResponses = { 200: { description: 'A file of the page.' } };

export const root = operation({
  ...page,
  id: 'root',
  path: '/',
  summary: 'Redirects to the dashboard',
  responses: { 302: { description: 'Its address.' } },
});

export const dashboard = operation({
  ...page,
  id: 'dashboard',
  path: PAGE_PATH,
  summary: 'The dashboard',
  responses: pageResponses,
});

export const dashboardFile = operation({
  ...page,
  id: 'dashboardFile',
  path: `${PAGE_PATH}/{proxy+}`,
  summary: "The dashboard's files, and each of its views",
  params: z.object({ proxy: z.string() }),
  responses: pageResponses,
});
