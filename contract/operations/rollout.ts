import { rolloutReportSchema, startRolloutRequestSchema } from '../bodies/rollout.ts';
import { operation } from '../operation.ts';

const ROLLOUT = {
  path: '/api/rollout',
  handler: 'rollout',
  auth: 'admin',
  scope: 'admin',
  tag: 'Capacity',
} as const;

export const getRollout = operation({
  ...ROLLOUT,
  id: 'getRollout',
  method: 'GET',
  client: 'rollout.get',
  summary: 'The rollout that runs, or the last one',
  responses: { 200: { description: 'Its state.', body: rolloutReportSchema } },
});

export const startRollout = operation({
  ...ROLLOUT,
  id: 'startRollout',
  method: 'POST',
  client: 'rollout.start',
  audited: true,
  summary: 'Move running sessions to the newest version of the worker, in waves',
  description:
    'Sessions with the restart policy `always` (the default with `keepAlive`) stop, save their account and start again on ' +
    'their slot. The next wave begins once all of a wave have worked for `pauseSeconds`; one that does not work again ' +
    'stops the rollout. All other sessions keep their version until they end. Each step is made by a sweep (every minute). ' +
    '409 while a rollout runs.',
  body: startRolloutRequestSchema,
  responses: {
    200: { description: 'The rollout, or with `dryRun` what it would do.', body: rolloutReportSchema },
  },
  problems: ['conflict'],
});

export const cancelRollout = operation({
  ...ROLLOUT,
  id: 'cancelRollout',
  method: 'DELETE',
  client: 'rollout.cancel',
  audited: true,
  summary: 'Cancel the rollout that runs',
  description:
    'No further session is moved. The present wave starts again by itself. A rollout that has ended stays as it is.',
  responses: { 200: { description: 'The rollout.', body: rolloutReportSchema } },
  problems: ['not_found', 'conflict'],
});
