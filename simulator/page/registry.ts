import { MISSING_MODULE } from './build.ts';

/** The modules that `window.require` finds. Each is one object for ever: the library replaces members in place. */
const modules = new Map<string, unknown>();

export const define = (named: Record<string, unknown>): void => {
  for (const [name, exports] of Object.entries(named)) modules.set(name, exports);
};

/** A module for the page's own code: a module that is missing for others stops the page no more than it stops WhatsApp Web. */
export const ownModule = (name: string): object => {
  const found = modules.get(name);
  if (typeof found !== 'object' || found === null) throw new Error(`The page has no module "${name}"`);
  return found;
};

/** As WhatsApp Web's loader does, unknown names throw. */
export const requireModule = (name: string): unknown => {
  if (!modules.has(name) || name === MISSING_MODULE) throw new Error(`Requiring unknown module "${name}"`);
  return modules.get(name);
};
