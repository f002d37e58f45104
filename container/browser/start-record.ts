/**
 * How the packaged browser was started on this machine, in a file beside it. A worker that reads it does not start the
 * browser once or twice only to ask for its version.
 */
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';

const schema = z.object({
  executable: z.string(),
  bytes: z.number(),
  /** Seconds: layers of an image keep no more. */
  changedAt: z.number(),
  build: z.string(),
  environment: z.record(z.string(), z.string()),
});
type Started = Pick<z.infer<typeof schema>, 'executable' | 'build' | 'environment'>;

const fileFor = (executable: string): string => join(dirname(executable), 'start.json');

const markOf = async (executable: string) => {
  const { size: bytes, mtimeMs } = await stat(executable);
  return { bytes, changedAt: Math.floor(mtimeMs / 1000) };
};

/** Undefined: it was not started here, or the executable is another one by now. Never throws. */
export const readStart = async (executable: string): Promise<Started | undefined> => {
  try {
    const [text, mark] = await Promise.all([readFile(fileFor(executable), 'utf8'), markOf(executable)]);
    const { bytes, changedAt, build, environment, ...kept } = schema.parse(JSON.parse(text));
    const isSame = kept.executable === executable && bytes === mark.bytes && changedAt === mark.changedAt;
    return isSame ? { executable, build, environment } : undefined;
  } catch {
    return undefined;
  }
};

/** Never throws: a folder that can't be written to, such as the image's, keeps what it has. */
export const keepStart = async ({ executable, build, environment }: Started): Promise<void> => {
  try {
    const record: z.infer<typeof schema> = {
      executable,
      build,
      environment: { ...environment },
      ...(await markOf(executable)),
    };
    const file = fileFor(executable);
    // Whole: workers may be reading it.
    await writeFile(`${file}.${process.pid}`, JSON.stringify(record));
    await rename(`${file}.${process.pid}`, file);
  } catch {
    // The next one asks the browser again.
  }
};
