/**
 * The worker's entry: `node container/main.ts`, configured by its environment alone. What is compiled is kept for the
 * next start on this machine (NODE_COMPILE_CACHE names the folder), which saves about a third of the loading time; a
 * folder that can't be written changes nothing.
 */
import { enableCompileCache } from 'node:module';

enableCompileCache();
await import('./run.ts');
