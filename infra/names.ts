import type { Environment } from './environments.ts';

/** Names that people type and policies are made of. Everything else gets its name from CloudFormation. */
export const namesOf = ({ name }: Pick<Environment, 'name'>) => ({
  cluster: `berth-${name}`,
  workerFamily: `berth-${name}-worker`,
  scheduleGroup: `berth-${name}`,
  function: (handler: string) => `berth-${name}-${handler}`,
});
