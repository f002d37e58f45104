import { randomUUID } from 'node:crypto';
import type { ScheduleModel } from '../assembly/model.ts';
import { ACCOUNT_ID, REGION } from '../iam/arn.ts';
import { type Delivered, type DeliveryOptions, deliver } from './delivery.ts';
import { rateMs } from './rate.ts';

type Entry = {
  readonly schedule: ScheduleModel;
  readonly intervalMs: number;
  running: Promise<Delivered[]> | undefined;
};

/**
 * Runs schedules by timers. All run once at the start: what fell due while the system was off is caught up by one run
 * and not by many. A run that is late is not overtaken: the next one is left out.
 */
export class Schedules {
  readonly #entries: readonly Entry[];
  readonly #options: DeliveryOptions;
  readonly #stop = new AbortController();
  #timers: NodeJS.Timeout[] = [];

  constructor(schedules: readonly ScheduleModel[], options: DeliveryOptions) {
    this.#options = options;
    this.#entries = schedules
      .filter(({ enabled }) => enabled)
      .map((schedule) => ({ schedule, intervalMs: rateMs(schedule.expression), running: undefined }));
  }

  start(options: { readonly catchUp: boolean }): void {
    for (const entry of this.#entries) {
      if (options.catchUp) {
        void this.#run(entry);
      }
      this.#timers.push(setInterval(() => void this.#run(entry), entry.intervalMs));
    }
  }

  names(): string[] {
    return this.#entries.map(({ schedule }) => schedule.name);
  }

  /**
   * Runs one now and waits for its end; joins a run under way only by starting after it.
   * @param name the schedule's name, or the function that it runs (`reaper`)
   */
  async trigger(name: string): Promise<void> {
    const entry = this.#entries.find(
      ({ schedule }) =>
        schedule.name === name ||
        schedule.targets.some(({ functionName }) => functionName.endsWith(`-${name}`)),
    );
    if (entry === undefined) {
      throw new Error(`there is no schedule ${name}; there are ${this.names().join(', ')}`);
    }
    await entry.running;
    const results = await this.#run(entry);
    if (results.some((result) => result !== 'delivered')) {
      throw new Error(`${name} did not run: ${results.join(', ')}`);
    }
  }

  #run(entry: Entry): Promise<Delivered[]> {
    entry.running ??= this.#deliver(entry.schedule).finally(() => {
      entry.running = undefined;
    });
    return entry.running;
  }

  #deliver(schedule: ScheduleModel): Promise<Delivered[]> {
    const event = {
      version: '0',
      id: randomUUID(),
      'detail-type': 'Scheduled Event',
      source: schedule.kind === 'rule' ? 'aws.events' : 'aws.scheduler',
      account: ACCOUNT_ID,
      region: REGION,
      time: new Date(this.#options.clock()).toISOString(),
      resources: [schedule.arn],
      detail: {},
    };
    return Promise.all(
      schedule.targets.map((target) =>
        deliver(this.#options, target, schedule.arn, event, this.#stop.signal),
      ),
    );
  }

  /** Starts no more runs and waits for those under way. */
  async close(): Promise<void> {
    for (const timer of this.#timers) {
      clearInterval(timer);
    }
    this.#timers = [];
    this.#stop.abort();
    await Promise.allSettled(this.#entries.map(({ running }) => running));
  }
}
