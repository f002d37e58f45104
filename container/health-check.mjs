/** The container's health check: ends with 0 if the command server answers. */
import { get } from 'node:http';

const port = process.env.BERTH_COMMAND_PORT ?? '8080';
const request = get({ host: '127.0.0.1', port, path: '/healthz', timeout: 4_000 }, (response) => {
  process.exit(response.statusCode === 200 ? 0 : 1);
});
request.on('timeout', () => request.destroy(new Error('no answer')));
request.on('error', () => process.exit(1));
