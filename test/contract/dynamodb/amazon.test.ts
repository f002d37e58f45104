import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { test, vi } from 'vitest';
import { contract, type Target } from './suite.ts';
import { connect } from './table.ts';

/**
 * The same contract on Amazon's DynamoDB Local, if it is installed: BERTH_DYNAMODB_LOCAL names the folder with
 * DynamoDBLocal.jar, and Java 17 is on the path. Its licence forbids redistribution, so it is no dependency.
 * conflicts.test.ts is not run on it, since it never answers TransactionConflict.
 */
const startAmazon = async (dir: string): Promise<Target> => {
  const port = await freePort();
  const options = ['-inMemory', '-disableTelemetry', '-port', String(port)];
  const libraries = `-Djava.library.path=${join(dir, 'DynamoDBLocal_lib')}`;
  const java = spawn('java', [libraries, '-jar', join(dir, 'DynamoDBLocal.jar'), ...options], {
    stdio: 'ignore',
  });
  const exited = once(java, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const client = connect(url);
  try {
    await vi.waitFor(() => client.send(new ListTablesCommand({})), { timeout: 50_000, interval: 250 });
  } finally {
    client.destroy();
  }
  return {
    url,
    close: async () => {
      java.kill();
      await exited;
    },
  };
};

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

const folder = process.env.BERTH_DYNAMODB_LOCAL;
const missing =
  folder === undefined
    ? 'BERTH_DYNAMODB_LOCAL names no folder'
    : spawnSync('java', ['-version']).status !== 0
      ? 'there is no java on the path'
      : undefined;

if (folder === undefined || missing !== undefined) {
  test.skip(`the contract on Amazon's DynamoDB Local: ${missing}`);
} else {
  contract("Amazon's DynamoDB Local", () => startAmazon(folder));
}
