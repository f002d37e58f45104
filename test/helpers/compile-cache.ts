/**
 * For a program that a test starts with its own environment: the path of Node's compile cache, the same as for this
 * process. Without it each start strips and compiles all of the program's TypeScript again.
 */
export const compileCache = (): Readonly<Record<string, string>> => {
  const { NODE_COMPILE_CACHE: folder } = process.env;
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
};
