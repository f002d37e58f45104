import { mkdtempSync } from 'node:fs';
import { startDynamoDb } from './index.ts';

const db = await startDynamoDb({
  dir: process.argv[2] === 'disk' ? mkdtempSync('/tmp/ddbsmoke-') : undefined,
  logger: { error: (m, d) => console.error(m, d) },
});
console.log(db.port);
process.on('SIGTERM', async () => {
  const u = process.cpuUsage();
  console.error('cpu ms', (u.user + u.system) / 1000);
  await db.close();
  process.exit(0);
});
