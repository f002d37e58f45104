/** The environment that a name means: a preset, what the operator's file says of it, what the command line says. */
import * as z from 'zod';
import { BadEnvironment, checkEnvironment, type Environment } from './environment-schema.ts';
import { type Fields, merge, NO_CONFIG, type OperatorConfig } from './operator-config.ts';
import { isPresetName, PRESET_NAMES, PRESETS } from './presets.ts';

export { BadEnvironment, checkEnvironment, type Environment } from './environment-schema.ts';

export const ENVIRONMENT_NAMES = PRESET_NAMES;

/** Values from the command line that replace the environment's own. */
type Overrides = {
  /** Values of `settings`: an object or its JSON, from `-c settings='{"globalLimit":3}'`. */
  readonly settings?: unknown;
  /** The tasks' architecture, from `-c arch=`. */
  readonly arch?: unknown;
  /** Capacity providers in their order, from `-c capacity=EC2,FARGATE`. */
  readonly capacity?: unknown;
  /** The operator's own file; without it there is none. */
  readonly config?: OperatorConfig | undefined;
};

const ARCHITECTURES: Readonly<Record<string, 'ARM64' | 'X86_64'>> = {
  arm64: 'ARM64',
  aarch64: 'ARM64',
  x86_64: 'X86_64',
  x64: 'X86_64',
  amd64: 'X86_64',
};

const architectureOf = (value: unknown): 'ARM64' | 'X86_64' => {
  const name = typeof value === 'string' ? value.toLowerCase() : '';
  const architecture = Object.hasOwn(ARCHITECTURES, name) ? ARCHITECTURES[name] : undefined;
  if (architecture === undefined)
    throw new BadEnvironment(`Unknown architecture ${JSON.stringify(value)}: expected ARM64 or X86_64.`);
  return architecture;
};

/** Their names are checked with the environment. */
const providersOf = (value: unknown): unknown =>
  typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value;

/** Every name that can be deployed, for messages. */
export const namesWith = (config: OperatorConfig): string[] => [
  ...new Set([...PRESET_NAMES, ...Object.keys(config.environments)]),
];

/** The values of the preset that `name` is or extends. */
const presetOf = (name: string, own: Fields | undefined, config: OperatorConfig): Fields => {
  const base = own?.extends ?? name;
  if (typeof base === 'string' && isPresetName(base)) {
    const { settings, ...preset } = PRESETS[base];
    return { ...preset, name, settings: { ...settings, environment: name } };
  }
  throw new BadEnvironment(
    `${config.path}: environments.${name} must say which preset it extends: ${PRESET_NAMES.join(', ')}.`,
  );
};

/**
 * The environment of that name. Throws BadEnvironment if the name is unknown or a value is bad. `local` is what
 * `npm start` runs: the operator's file says nothing about it.
 */
export const environmentOf = (name: unknown, overrides: Overrides = {}): Environment => {
  const config = overrides.config ?? NO_CONFIG;
  const names = namesWith(config);
  if (name === undefined) throw new BadEnvironment(`Name an environment: -c env=<${names.join('|')}>.`);
  if (typeof name !== 'string' || !names.includes(name))
    throw new BadEnvironment(
      `Unknown environment ${JSON.stringify(name)}: expected one of ${names.join(', ')}.`,
    );
  const own = config.environments[name];
  const { extends: _preset, ...changes } = own ?? {};
  const values = merge(presetOf(name, own, config), changes);
  const commandLine = {
    settings: parseOverrides(overrides.settings ?? {}),
    task: {
      ...(overrides.arch !== undefined && { architecture: architectureOf(overrides.arch) }),
      ...(overrides.capacity !== undefined && { capacity: providersOf(overrides.capacity) }),
    },
  };
  try {
    return checkEnvironment(merge(values, commandLine));
  } catch (error) {
    if (own === undefined || !(error instanceof BadEnvironment)) throw error;
    throw new BadEnvironment(`${config.path}, environments.${name}: ${error.message}`);
  }
};

/** Throws BadEnvironment if the credentials are of another account than the environment's. */
export const checkAccount = (environment: Environment, account: string | undefined): void => {
  if (environment.account === undefined || account === undefined || account === environment.account) return;
  throw new BadEnvironment(
    `${environment.name} belongs to the AWS account ${environment.account}, and the credentials are of ${account}. ` +
      'Nothing was changed. Use credentials of that account, or change "account" in your config file.',
  );
};

/** The context value `locked`, if it is given. Throws BadEnvironment if it is neither true nor false. */
export const lockedOf = (given: unknown, otherwise: boolean): boolean => {
  if (given === undefined) return otherwise;
  if (given === true || given === 'true') return true;
  if (given === false || given === 'false') return false;
  throw new BadEnvironment('The context value "locked" must be true or false.');
};

const parseOverrides = (overrides: unknown): Record<string, unknown> => {
  const parsed = z.record(z.string(), z.unknown()).safeParse(parseJson(overrides));
  if (!parsed.success) throw new BadEnvironment('The context value "settings" must be a JSON object.');
  return parsed.data;
};

/** Context from the command line is always a string. */
const parseJson = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
};
