import { build } from 'esbuild';

/** The packages that these files and what they import of the project need, sorted; Node's own modules aside. */
export const importedPackages = async (
  root: string,
  entryPoints: readonly string[],
): Promise<readonly string[]> => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...entryPoints],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    outdir: 'nowhere',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const names = Object.values(metafile.inputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external, path }) => external === true && !path.startsWith('node:'))
    .map(({ path }) => /^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path);
  return [...new Set(names)].sort();
};
