/**
 * The worker's one native module, LevelDB's. Its package searches its own folder for a build that fits; a bundle has no
 * such folder, so its builds are put beside the code.
 */
import type { Plugin } from 'esbuild';

/** By Node's names of a platform and an architecture: where the image runs. On another one, loading it throws. */
const BUILDS: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64/classic-level.node',
  'linux-arm64': 'linux-arm64/classic-level.armv8.node',
};

const nameOf = (platform: string): string => `classic-level-${platform}.node`;

/** The files of the bundle's folder `native`, each with its source in node_modules. */
export const NATIVE_FILES: readonly (readonly [name: string, source: string])[] = Object.entries(BUILDS).map(
  ([platform, build]) => [nameOf(platform), `classic-level/prebuilds/${build}`],
);

const NAMES = Object.fromEntries(Object.keys(BUILDS).map((platform) => [platform, nameOf(platform)]));
const LOADER = 'berth:native';

/** Loads LevelDB from the folder `native`. A CommonJS file has no `import.meta`, so the search is a module that has. */
export const nativeBeside: Plugin = {
  name: 'native-beside',
  setup(build) {
    build.onLoad({ filter: /[\\/]classic-level[\\/]binding\.js$/ }, () => ({
      contents: `module.exports = require(${JSON.stringify(LOADER)}).load();`,
    }));
    build.onResolve({ filter: new RegExp(`^${LOADER}$`) }, () => ({ path: LOADER, namespace: 'native' }));
    build.onLoad({ filter: /.*/, namespace: 'native' }, () => ({
      contents: `
        import { createRequire } from 'node:module';
        const FILES = ${JSON.stringify(NAMES)};
        export const load = () => {
          const platform = process.platform + '-' + process.arch;
          if (!Object.hasOwn(FILES, platform)) throw new Error('The bundle has no native module for ' + platform + '.');
          return createRequire(import.meta.url)('./native/' + FILES[platform]);
        };`,
    }));
  },
};
