import type { Environment } from './environments.ts';

/** Names that people type and policies are made of. Everything else gets its name from CloudFormation. */
export const namesOf = ({ name }: Pick<Environment, 'name'>) => ({
  api: `berth-${name}`,
  /** The API that workers call. Local mode distinguishes it from the other by the end of its name. */
  workerApi: `berth-${name}-workers`,
  /** The WebSocket API of live events. */
  liveApi: `berth-${name}-live`,
  cluster: `berth-${name}`,
  workerFamily: `berth-${name}-worker`,
  /** Of the task definition for the operator's own hosts. */
  hostsFamily: `berth-${name}-worker-hosts`,
  scheduleGroup: `berth-${name}`,
  function: (handler: string) => `berth-${name}-${handler}`,
});
