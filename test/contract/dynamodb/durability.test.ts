import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDynamoDb } from '../../../local/engines/dynamodb/index.ts';
import { temporaryFolder } from './folder.ts';
import { connect, createTable, type Item, increment, key, numberOf, pages, S, transact } from './table.ts';

const KILLS = 5;
const WRITERS = 8;
/** Transactions acknowledged before each kill: enough that some are at every stage when it comes. */
const BEFORE_KILL = 60;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await folder.remove();
});

const startChild = async (): Promise<string> => {
  const program = fileURLToPath(new URL('engine-process.ts', import.meta.url));
  child = spawn(process.execPath, [program, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no output');
  const [line] = await once(child.stdout, 'data');
  return String(line).trim();
};

test('killed under load again and again, no transaction is lost or torn', async () => {
  const acknowledged: string[] = [];
  let TableName = '';
  let serial = 0;

  for (let round = 0; round < KILLS; round++) {
    const client = connect(await startChild());
    if (TableName === '') TableName = await createTable(client);
    const target = acknowledged.length + BEFORE_KILL;
    let killed = false;
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      while (!killed) {
        const id = String(serial++);
        try {
          // One item in two places, and a counter a writer that has to agree with both.
          await transact(client, [
            { Put: { TableName, Item: { ...key('left', id), owner: S(`writer-${writer}`) } } },
            { Put: { TableName, Item: key('right', id) } },
            increment(TableName, key(`count-${writer}`), 'n'),
          ]);
        } catch (error) {
          // Unanswered: it may have happened or not, but not half of it.
          if (killed) return;
          throw error;
        }
        acknowledged.push(id);
        if (acknowledged.length === target) {
          killed = true;
          child?.kill('SIGKILL');
        }
      }
    });
    await Promise.all(writers);
    if (child?.signalCode === null) await once(child, 'exit');
    client.destroy();
  }

  const engine = await startDynamoDb({ dir: folder.path });
  const client = connect(engine.url);
  const all = async (KeyConditionExpression: string, values: Item, IndexName?: string) =>
    (
      await pages(client, {
        TableName,
        KeyConditionExpression,
        ExpressionAttributeValues: values,
        ...(IndexName && { IndexName, ExpressionAttributeNames: { '#owner': 'owner' } }),
      })
    ).items.map((item) => item.sk?.S ?? '');

  const left = await all('pk = :pk', { ':pk': S('left') });
  expect(await all('pk = :pk', { ':pk': S('right') })).toEqual(left);
  expect(left).toEqual(expect.arrayContaining(acknowledged));
  let counted = 0;
  for (let writer = 0; writer < WRITERS; writer++) {
    const indexed = await all('#owner = :owner', { ':owner': S(`writer-${writer}`) }, 'by-owner');
    expect(await numberOf(client, TableName, key(`count-${writer}`), 'n')).toBe(indexed.length);
    counted += indexed.length;
  }
  expect(counted).toBe(left.length);
  client.destroy();
  await engine.close();
}, 60_000);
