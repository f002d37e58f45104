import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EcsOptions } from '../../../local/engines/ecs/ecs.ts';
import { nodeProgram } from '../../../local/engines/ecs/program.ts';
import { compileCache } from '../../helpers/compile-cache.ts';

export const CLUSTER = 'arn:aws:ecs:us-east-1:000000000000:cluster/berth';
export const DEFINITION = 'arn:aws:ecs:us-east-1:000000000000:task-definition/berth-worker:3';
const STAND_IN = fileURLToPath(new URL('./stand-in.ts', import.meta.url));

/** The options that every ECS here is made with. */
export const ecsOptions = (directory: string): EcsOptions => {
  return {
    clusterArns: [CLUSTER],
    taskDefinitions: [
      {
        arn: DEFINITION,
        family: 'berth-worker',
        cpu: '1024',
        memory: '2048',
        containers: [
          {
            name: 'worker',
            image: 'berth/worker',
            stopTimeout: 60,
            environment: { STAND_IN_DIR: directory, STAND_IN: 'graceful', LOG_LEVEL: 'info' },
          },
        ],
      },
    ],
    startTask: nodeProgram({ BERTH_COMMAND_HOST: '127.0.0.1', ...compileCache() }, STAND_IN),
    stateDir: join(directory, 'state'),
    logDir: join(directory, 'logs'),
    temporaryRoot: directory,
    emit: () => {},
    logger: { info: () => {}, warn: () => {}, error: () => {} },
  };
};
