/** A process that runs jobs one after another, as they are sent to it. */
import { jobSchema, runJob } from './jobs.ts';

// Most errors are the faults themselves, thousands a second; replay the seed to get a stack.
Error.stackTraceLimit = 0;

process.on('message', (message) => {
  runJob(jobSchema.parse(message)).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
