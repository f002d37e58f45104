/**
 * The worker's process: the browser first, then the worker's modules, which are loaded while the browser comes up.
 *
 * With `--compile` it loads everything and ends: Node writes what it compiled to NODE_COMPILE_CACHE, which makes each
 * later start quicker.
 */
import { spawnEarly } from './browser/early.ts';

if (process.argv.includes('--compile')) {
  await (await import('./process.ts')).compile();
  process.exit(0);
}
const early = await spawnEarly(process.env);
const { runProcess } = await import('./process.ts');
process.exit(await runProcess(early));
