import { startDynamoDb } from '../../../local/engines/dynamodb/index.ts';

/** An engine in a separate process, for a test to kill. Argument: its folder. Prints its URL. */
const engine = await startDynamoDb({ dir: process.argv[2] ?? '' });
process.stdout.write(`${engine.url}\n`);
