import { EXIT } from './exit.ts';
import { createProgram } from './program.ts';
import { run } from './run.ts';

// `berth … | head` closes the pipe early: no reader is left.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

process.exitCode = await run(createProgram(), process.argv);
