/** A process that runs jobs one after another, as they are sent to it. */
import { jobSchema, runJob } from './jobs.ts';

process.on('message', (message) => {
  runJob(jobSchema.parse(message)).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
