import type { Decision } from './evaluate.ts';

/** One permission that a role was checked for. */
interface AccessUse {
  readonly role: string;
  readonly action: string;
  readonly resource: string;
}

/** Object keys are endless, a report's uses are not: a system that runs for weeks keeps the first so many. */
const MOST_KEPT = 20_000;

/** Collects what roles asked for, each tuple once, so that a report can hold grants against use. */
export class AccessRecorder {
  readonly #used = new Map<string, AccessUse>();
  readonly #denied = new Map<string, AccessUse>();

  record(use: AccessUse, decision: Decision): void {
    const { role, action, resource } = use;
    const seen = decision === 'allow' ? this.#used : this.#denied;
    if (seen.size < MOST_KEPT) seen.set(JSON.stringify([role, action, resource]), { role, action, resource });
  }

  /** Allowed uses, sorted by role, action and resource. */
  used(): AccessUse[] {
    return sorted(this.#used);
  }

  /** Refused attempts, sorted likewise; a clean run has none that it did not ask for. */
  denied(): AccessUse[] {
    return sorted(this.#denied);
  }
}

const sorted = (uses: ReadonlyMap<string, AccessUse>): AccessUse[] =>
  [...uses].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use);
