import { changeStandbyRequestSchema, standbyViewSchema } from '../bodies/standby.ts';
import { operation } from '../operation.ts';

export const getStandby = operation({
  id: 'getStandby',
  method: 'GET',
  path: '/api/standby',
  handler: 'standby',
  auth: 'admin',
  scope: 'admin',
  client: 'standby.get',
  tag: 'Capacity',
  summary: 'Standby tasks, and how many are kept ready',
  description:
    'A standby task has its browser launched and waits. A session that starts takes one, so that its QR code does not ' +
    'wait for a task to start. Standby tasks hold no slot.',
  responses: { 200: { description: 'The plan, and every standby task.', body: standbyViewSchema } },
});

export const setStandby = operation({
  id: 'setStandby',
  method: 'PUT',
  path: '/api/standby',
  handler: 'standby',
  auth: 'admin',
  scope: 'admin',
  client: 'standby.set',
  audited: true,
  tag: 'Capacity',
  summary: 'Change how many standby tasks are kept ready',
  description:
    'Replaces the plan of the environment until `target` is set to null. The next sweep, within a minute, launches or stops ' +
    'tasks. A target above `max` or above the global limit is refused.',
  body: changeStandbyRequestSchema,
  responses: { 200: { description: 'The plan after the change.', body: standbyViewSchema } },
  problems: ['unprocessable'],
});
