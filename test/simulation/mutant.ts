/** Loads the simulation, and the rules under it, once more with a mutation in them. */
import { registerHooks } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTATIONS, type Mutation } from './mutations.ts';
import type { Simulation } from './simulations.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const QUERY = 'mutant';
const inProject = (url: string): boolean => url.startsWith('file:') && !url.includes('/node_modules/');

/** A module imported by a mutant is a mutant: the query of its URL makes it another instance. */
const follow = (): void => {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const mutant = context.parentURL && new URL(context.parentURL).searchParams.get(QUERY);
      if (!mutant || !inProject(resolved.url) || resolved.url.includes('?')) return resolved;
      return { ...resolved, url: `${resolved.url}?${QUERY}=${mutant}` };
    },
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const mutant = inProject(url) ? new URL(url).searchParams.get(QUERY) : null;
      if (mutant === null) return loaded;
      const edits = MUTATIONS[Number(mutant)]?.edits ?? [];
      const file = relative(ROOT, fileURLToPath(url.split('?')[0] ?? url));
      const own = edits.filter((edit) => edit.file === file);
      if (own.length === 0) return loaded;
      return { ...loaded, source: own.reduce(edited, String(loaded.source)) };
    },
  });
};

const edited = (source: string, { file, find, replace }: Mutation['edits'][number]): string => {
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new Error(`${file} has ${parts.length - 1} times, not once, what a mutation would edit: ${find}`);
  }
  return parts.join(replace);
};

let following = false;

/** The simulation that a mutation belongs to, with the mutation in it. */
export const loadMutant = async (index: number): Promise<Simulation> => {
  if (!following) follow();
  following = true;
  const { loadSimulation } = (await import(
    `./simulations.ts?${QUERY}=${index}`
  )) as typeof import('./simulations.ts');
  return loadSimulation(MUTATIONS[index]?.simulation);
};
