/**
 * For a program that a test starts with an environment of its own: where Node keeps what it compiled, as for this
 * process. Without it each start strips and compiles all of the program's TypeScript anew.
 */
export const compileCache = (): Readonly<Record<string, string>> => {
  const { NODE_COMPILE_CACHE: folder } = process.env;
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
};
