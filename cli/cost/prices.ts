/**
 * What AWS asks in us-east-1, in dollars, without tax, free tier, discounts or savings plans.
 *
 * Written down from memory of AWS's public price pages, not read from them: check them before you decide anything by
 * these numbers (aws.amazon.com/<service>/pricing). Spot prices move; what is here is 70 % below on demand.
 */
export const PRICES = {
  region: 'us-east-1',
  asOf: '2025-06-01',
  fargate: {
    arm: { vcpuHour: 0.03238, gibHour: 0.00356 },
    x86: { vcpuHour: 0.04048, gibHour: 0.004445 },
    /** Of the price on demand. */
    spotShare: 0.3,
  },
  publicAddressHour: 0.005,
  lambda: { gibSecondArm: 0.0000133334, millionRequests: 0.2 },
  httpApiMillion: 1.0,
  /** Messages are counted in 32 KB. */
  webSocket: { millionMessages: 1.0, millionMinutes: 0.25 },
  dynamoDb: { millionWrites: 0.625, millionReads: 0.125 },
  sqsFifoMillion: 0.5,
  s3: { gibMonth: 0.023, thousandPuts: 0.005, thousandGets: 0.0004 },
  cloudWatch: {
    logGib: 0.5,
    metricMonth: 0.3,
    alarmMetricMonth: 0.1,
    compositeAlarmMonth: 0.5,
    dashboardMonth: 3,
  },
  schedulerMillion: 1,
  kmsKeyMonth: 1,
  ecrGibMonth: 0.1,
  /** m7g.large (2 vCPU, 8 GiB, ARM) on demand, with 30 GiB of gp3. */
  server: { name: 'm7g.large', gib: 8, hour: 0.0816, volumeMonth: 2.4 },
  /** Hosts of many sessions on demand, each with 30 GiB of gp3 (infra/constructs/hosts.ts). */
  hosts: {
    'm7g.large': { arch: 'arm', vcpu: 2, gib: 8, hour: 0.0816, volumeMonth: 2.4 },
    'm7g.2xlarge': { arch: 'arm', vcpu: 8, gib: 32, hour: 0.3264, volumeMonth: 2.4 },
    'r7g.xlarge': { arch: 'arm', vcpu: 4, gib: 32, hour: 0.2142, volumeMonth: 2.4 },
    'm7i.2xlarge': { arch: 'x86', vcpu: 8, gib: 32, hour: 0.4032, volumeMonth: 2.4 },
    'r7i.xlarge': { arch: 'x86', vcpu: 4, gib: 32, hour: 0.2646, volumeMonth: 2.4 },
  },
} as const;
export type Prices = typeof PRICES;
