import { startDynamoDb } from '../../../local/engines/dynamodb/index.ts';
import { temporaryFolder } from './folder.ts';
import { contract } from './suite.ts';

contract('the embedded engine in memory', () => startDynamoDb());

contract('the embedded engine on disk', async () => {
  const folder = await temporaryFolder();
  const engine = await startDynamoDb({ dir: folder.path });
  return {
    url: engine.url,
    close: async () => {
      await engine.close();
      await folder.remove();
    },
  };
});
