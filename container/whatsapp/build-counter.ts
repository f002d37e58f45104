/**
 * Counts, by build of WhatsApp Web, how this worker's clients end: the control plane judges builds by it. A build that
 * breaks early never reports its version; such a client counts for no known build.
 */
import {
  type BuildCounts,
  COUNTED,
  type Counted,
  MOST_REPORTED_BUILDS,
  NO_COUNTS,
} from '../../contract/builds/counts.ts';
import { buildVersion } from '../../contract/builds/version.ts';

export type BuildCounter = {
  /** A client starts. */
  started(): void;
  /** The page reported its version. */
  loaded(version: unknown): void;
  showedCode(): void;
  linked(): void;
  ready(): void;
  sent(): void;
  /** The client failed, for `reason`. */
  failed(reason: string): void;
  /** The version of the current page, once it was reported. */
  readonly build: string | undefined;
  readonly counts: readonly BuildCounts[];
};

/** Network and browser faults: a page of any build would have failed. */
const NOT_THE_BUILD = /net::ERR_|launching the browser|browser is gone|page crashed|page is gone|proxy/i;

/**
 * @param isSaved whether clients load a stored page in place of the live one
 * @param onChange called after each change of `build` or `counts`
 */
export const createBuildCounter = (options: {
  readonly isSaved: () => boolean;
  readonly onChange: () => void;
}): BuildCounter => {
  let all: readonly BuildCounts[] = [];
  let build: string | undefined;
  /** The current client's results before its page reported the version. */
  let early: Partial<Record<Counted, number>> = {};
  /** The current client showed a code, became ready or failed: each counts once for it. */
  let seen = new Set<Counted>();

  const add = (version: string | null, counts: Partial<Record<Counted, number>>) => {
    const saved = options.isSaved();
    const isIt = (each: BuildCounts) => each.build === version && each.saved === saved;
    const before = all.find(isIt) ?? { build: version, saved, ...NO_COUNTS };
    const after = { ...before };
    for (const name of COUNTED) after[name] = before[name] + (counts[name] ?? 0);
    all = [...all.filter((each) => !isIt(each)), after].slice(-MOST_REPORTED_BUILDS);
    options.onChange();
  };
  const count = (name: Counted) => {
    if (build !== undefined) add(build, { [name]: 1 });
    else early = { ...early, [name]: (early[name] ?? 0) + 1 };
  };
  const once = (name: Counted) => {
    if (seen.has(name)) return;
    seen.add(name);
    count(name);
  };
  const settleEarly = (version: string | null) => {
    if (Object.keys(early).length > 0) add(version, early);
    early = {};
  };

  return {
    started() {
      settleEarly(null);
      build = undefined;
      seen = new Set();
      count('starts');
    },
    loaded(version) {
      const loaded = buildVersion(version);
      if (loaded === undefined || loaded === build) return;
      build = loaded;
      settleEarly(loaded);
      options.onChange();
    },
    showedCode: () => once('codes'),
    linked: () => once('links'),
    ready: () => once('readies'),
    sent: () => count('sends'),
    failed(reason) {
      if (seen.has('readies') || NOT_THE_BUILD.test(reason)) return;
      once('failures');
      settleEarly(null);
    },
    get build() {
      return build;
    },
    get counts() {
      return all;
    },
  };
};
