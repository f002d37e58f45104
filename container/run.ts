/**
 * The worker's process: the browser first, then the worker's modules, which are loaded while the browser comes up.
 *
 * With `--compile` it loads everything, saves what V8 compiled (base/code-cache.ts), which makes each later start quicker,
 * and ends.
 */
import { spawnEarly } from './browser/early.ts';

const main = async (): Promise<number> => {
  if (process.argv.includes('--compile')) {
    await (await import('./process.ts')).compile();
    return 0;
  }
  const early = await spawnEarly(process.env);
  const { runProcess } = await import('./process.ts');
  return await runProcess(early);
};

void main().then((code) => process.exit(code));
