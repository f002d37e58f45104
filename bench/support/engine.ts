/**
 * An embedded database in a separate process. Arguments: its folder, and the shortest and longest time in ms for
 * which a transaction holds its items (0 0: as short as the engine allows). Prints its URL; ends with its input.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startDynamoDb } from '../../local/engines/dynamodb/index.ts';

const [dir = '', least = 0, most = 0] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const engine = await startDynamoDb({
  dir,
  ...(most > 0 ? { transactionWindow: () => sleep(least + Math.random() * (most - least)) } : {}),
});
process.stdout.write(`${engine.url}\n`);
process.stdin.resume().on('end', () => void engine.close().then(() => process.exit(0)));
