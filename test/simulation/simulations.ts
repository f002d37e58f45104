/** The simulations beside that of the control plane, and how each is loaded. */
import type { Outcome } from './outcome.ts';

/** Runs one seed. `print` gets the lines of its trace. */
export type Simulation = (seed: number, print?: (line: string) => void) => Promise<Outcome>;

export const SIMULATION_NAMES = ['builds', 'flood', 'live', 'standby', 'rollout', 'fair', 'hosts'] as const;
export type SimulationName = (typeof SIMULATION_NAMES)[number];

/** What `npm run simulate -- --help` says of each. */
export const ABOUT: Readonly<Record<SimulationName, string>> = {
  builds: 'the choice of builds of WhatsApp Web',
  flood: 'a flood of requests over a fleet',
  live: 'readers of live events',
  standby: 'the control plane with standby tasks',
  rollout: 'rollouts over a fleet',
  fair: 'deliveries and starts of users who share them',
  hosts: 'hosts that drain under a fleet',
};

// Imported when it is run, so that a planted fault loads no simulation but its own. A copy of this module with a fault
// imports copies with the fault (mutant.ts).
const LOADERS: Readonly<Record<SimulationName, () => Promise<Simulation>>> = {
  builds: async () => (await import('./builds.ts')).simulateBuilds,
  flood: async () => (await import('./flood.ts')).simulateFlood,
  live: async () => (await import('./live.ts')).simulateLive,
  standby: async () => (await import('./simulate.ts')).simulateStandby,
  rollout: async () => (await import('./rollout.ts')).simulateRollout,
  fair: async () => (await import('./fair.ts')).simulateFair,
  hosts: async () => (await import('./hosts.ts')).simulateHosts,
};

/** @param name undefined: the control plane */
export const loadSimulation = async (name: SimulationName | undefined): Promise<Simulation> =>
  name === undefined ? (await import('./simulate.ts')).simulate : LOADERS[name]();
