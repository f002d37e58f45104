/** The environments that come with Berth. An operator's file changes them or adds others (operator-config.ts). */
import type { EnvironmentValues } from './environment-schema.ts';

/** The architecture of this machine: Docker builds an image for it without emulation. */
const HOST = process.arch === 'arm64' ? 'ARM64' : 'X86_64';

const base = {
  sweepMinutes: 1,
  task: {
    // The one that was built and run, with the browser build of npm start. ARM64 costs a seventh less a session-hour
    // (docs/decisions/2026-11-29-x86-stays-the-default.md).
    architecture: 'X86_64',
    // As measured: docs/performance.md#sizes.
    cpu: 256,
    memoryMiB: 1024,
    capacity: ['FARGATE'],
    commandPort: 8080,
  },
  api: { rateLimit: 100, burstLimit: 200 },
  authStateDays: { unused: 30, replaced: 7, incomplete: 1 },
  mediaDays: 1,
  logs: { level: 'INFO', retentionDays: 14 },
  alarms: { warningPercent: 80, criticalPercent: 95, userRefusals: 20, serverErrors: 5 },
  // A trace costs more than the call that it is of (docs/cost.md).
  tracing: false,
  containerInsights: false,
  protected: false,
} as const satisfies Partial<EnvironmentValues>;

/**
 * A stop and the end of a task do not wait for a heartbeat: it only finds workers that hang. At one a minute a
 * session-hour stays below its goal (docs/decisions/2026-11-29-heartbeat-every-minute.md).
 */
const MINUTE_BEAT = { heartbeatSeconds: 60, activitySeconds: 60, heartbeatTimeoutSeconds: 180 } as const;

export const PRESETS = {
  /** What `npm start` interprets on one machine. */
  local: {
    ...base,
    name: 'local',
    settings: { environment: 'local', allowLoopbackWebhooks: true, allowLoopbackMedia: true },
    // Hosts that are requested there are parts of this machine, whose tasks have no image.
    task: { ...base.task, hosts: { instanceType: 'm7i.large' } },
    logs: { level: 'INFO', retentionDays: 3 },
  },
  /** Cheap and disposable. */
  dev: {
    ...base,
    name: 'dev',
    settings: { environment: 'dev', globalLimit: 10 },
    // Fits a new account, whose ten concurrent executions leave nothing to reserve.
    concurrency: { account: 10, reserved: false, deliveries: 2, live: 2 },
    task: { ...base.task, architecture: HOST, capacity: ['FARGATE_SPOT', 'FARGATE'] },
    logs: { level: 'DEBUG', retentionDays: 7 },
    tracing: true,
  },
  /** As prod, smaller. */
  staging: {
    ...base,
    name: 'staging',
    settings: { environment: 'staging', globalLimit: 20, ...MINUTE_BEAT },
    containerInsights: true,
  },
  prod: {
    ...base,
    name: 'prod',
    settings: { environment: 'prod', ...MINUTE_BEAT },
    logs: { level: 'INFO', retentionDays: 90 },
    containerInsights: true,
    protected: true,
  },
} as const satisfies Record<string, EnvironmentValues>;

type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];
export const isPresetName = (name: string): name is PresetName => Object.hasOwn(PRESETS, name);
