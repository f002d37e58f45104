/** What the estimate depends on, and its defaults. */
import type { Prices } from './prices.ts';

/** Instance types whose price is known, for hosts. */
export const HOSTS = [
  'm7g.large',
  'm7g.2xlarge',
  'r7g.xlarge',
  'm7i.2xlarge',
  'r7i.xlarge',
] as const satisfies readonly (keyof Prices['hosts'])[];
export type HostName = (typeof HOSTS)[number];
/** Much memory beside little CPU is what sessions take. */
const DEFAULT_HOSTS = { arm: 'r7g.xlarge', x86: 'r7i.xlarge' } as const satisfies Record<string, HostName>;

/** Where tasks run: Fargate on demand, Fargate Spot, or the operator's own hosts that many tasks share. */
export const CAPACITIES = ['fargate', 'spot', 'ec2'] as const;
export type Capacity = (typeof CAPACITIES)[number];

export type CostInput = {
  /** At once. */
  readonly sessions: number;
  /** A day. */
  readonly hours: number;
  /** A month. */
  readonly days: number;
  readonly arch: 'arm' | 'x86';
  readonly capacity: Capacity;
  /** Of a Fargate task. */
  readonly vcpu: number;
  readonly gib: number;
  /** Instance type of hosts; without it, one of `arch`. */
  readonly host?: HostName;
  /** Memory that a session takes on a host. */
  readonly hostGib: number;
  /** Tasks that wait for sessions around the clock, so that a code is shown at once. */
  readonly standby: number;
  /** Sent and received, in an hour of a session. */
  readonly messages: number;
  /** WebSocket connections that follow the events of a session all the time. */
  readonly followers: number;
  /** Between two heartbeats. */
  readonly heartbeatSeconds: number;
  readonly sweepMinutes: number;
};

export const COST_DEFAULTS: CostInput = {
  sessions: 50,
  hours: 8,
  days: 30,
  /** The resources that the presets deploy (infra/presets.ts). */
  arch: 'x86',
  capacity: 'fargate',
  vcpu: 0.25,
  gib: 1,
  /** Reports of others for one whole browser on a server that many share. */
  hostGib: 0.4,
  standby: 0,
  messages: 20,
  followers: 1,
  heartbeatSeconds: 60,
  sweepMinutes: 1,
};

/** The instance type of hosts. */
export const hostOf = ({ host, arch }: Pick<CostInput, 'host' | 'arch'>): HostName =>
  host ?? DEFAULT_HOSTS[arch];
