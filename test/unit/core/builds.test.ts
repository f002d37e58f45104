import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildVersion, compareVersions } from '../../../contract/builds/version.ts';
import {
  chooseSource,
  configure,
  initialRuling,
  type Outcome,
  observe,
  probesNeeded,
  type Ruling,
  type SavedBuild,
  type Source,
  withoutLostTarget,
} from '../../../core/builds/rule.ts';

const OLD = '2.3000.100';
const NEW = '2.3000.200';
const NEWER = '2.3000.300';
const SAVED: readonly SavedBuild[] = [{ version: OLD }];

const outcome = (source: Source, build: string | undefined, ok: boolean, session = 's'): Outcome => ({
  source,
  build,
  session,
  ok,
});

/** After `times` starts of different sessions that worked with the live build `build`. */
const worked = (ruling: Ruling, build: string, times = 5): Ruling =>
  Array.from({ length: times }).reduce<Ruling>(
    (now, _, i) => observe(now, outcome('live', build, true, `w${i}`), SAVED, i),
    ruling,
  );

const failing = (ruling: Ruling, times: number, session: (i: number) => string, at = 1_000): Ruling =>
  Array.from({ length: times }).reduce<Ruling>(
    (now, _, i) => observe(now, outcome('live', NEW, false, session(i)), SAVED, at + i),
    ruling,
  );

/** Starts in a row by the rule itself; `works` says how a start with that build ends. */
const run = (
  ruling: Ruling,
  starts: number,
  live: (i: number) => string,
  works: (build: string, i: number) => boolean,
  random: (i: number) => number,
  at = 10_000,
): { readonly ruling: Ruling; readonly modes: readonly Ruling['mode'][] } => {
  const modes: Ruling['mode'][] = [ruling.mode];
  let now = ruling;
  for (let i = 0; i < starts; i++) {
    const source = chooseSource(now, SAVED, at + i, random(i));
    const build = source === 'live' ? live(i) : source.version;
    now = observe(now, outcome(source, build, works(build, i), `s${i % 7}`), SAVED, at + i);
    modes.push(now.mode);
  }
  return { ruling: now, modes };
};

const changes = (modes: readonly Ruling['mode'][]): number =>
  modes.filter((mode, i) => i > 0 && mode !== modes[i - 1]).length;

describe('a live build that breaks every start', () => {
  test('falls back within 10 starts to the saved build that worked, with one session or with several', () => {
    const before = worked(initialRuling(0), OLD);
    for (const session of [() => 'only', (i: number) => `s${i}`]) {
      const after = failing(before, 10, session);
      expect(after).toMatchObject({ mode: 'fallback', target: OLD, from: NEW });
    }
  });

  test('falls back also if the start fails before the page reported its version', () => {
    const before = worked(initialRuling(0), OLD);
    const after = Array.from({ length: 9 }).reduce<Ruling>(
      (now, _, i) => observe(now, outcome('live', undefined, false, `s${i}`), SAVED, i),
      before,
    );
    expect(after).toMatchObject({ mode: 'fallback', target: OLD });
  });

  test('stays live if no saved build has worked, or the one that did has expired', () => {
    expect(failing(initialRuling(0), 50, (i) => `s${i}`).mode).toBe('live');
    const expired: readonly SavedBuild[] = [{ version: OLD, expiresAt: 500 }];
    const after = Array.from({ length: 50 }).reduce<Ruling>(
      (now, _, i) => observe(now, outcome('live', NEW, false, `s${i}`), expired, 1_000 + i),
      worked(initialRuling(0), OLD),
    );
    expect(after.mode).toBe('live');
  });

  test('never falls back to the build that breaks, though it is saved', () => {
    const both = [...SAVED, { version: NEW }];
    let ruling = worked(worked(initialRuling(0), OLD), NEW);
    for (let i = 0; i < 10; i++)
      ruling = observe(ruling, outcome('live', NEW, false, `s${i}`), both, 100 + i);
    expect(ruling).toMatchObject({ mode: 'fallback', target: OLD });
  });
});

test('a build whose links fail though its QR codes show falls back within 10 links', () => {
  let ruling = worked(initialRuling(0), OLD, 60);
  for (let i = 0; i < 10; i++) {
    ruling = observe(ruling, outcome('live', NEW, true, `s${i}`), SAVED, 1_000 + i);
    ruling = observe(ruling, outcome('live', NEW, false, `s${i}`), SAVED, 1_000 + i);
  }
  expect(ruling.mode).toBe('fallback');
});

test('one session that fails among many that work changes nothing', () => {
  let ruling = worked(initialRuling(0), OLD, 50);
  for (let i = 0; i < 200; i++) {
    ruling = observe(ruling, outcome('live', NEW, i % 2 === 0, i % 2 === 0 ? `w${i}` : 'bad'), SAVED, i);
    expect(ruling.mode).toBe('live');
  }
});

test('a build that breaks is left although WhatsApp serves a build that works beside it', () => {
  let ruling = worked(initialRuling(0), OLD, 20);
  for (let i = 0; i < 18; i++) {
    const works = i % 2 === 0;
    ruling = observe(ruling, outcome('live', works ? OLD : NEW, works, `s${i}`), SAVED, 1_000 + i);
  }
  expect(ruling).toMatchObject({ mode: 'fallback', target: OLD, from: NEW });
});

describe('in fallback', () => {
  const fallen = failing(worked(initialRuling(0), OLD), 10, (i) => `s${i}`);

  test('only the probing share of the starts loads the live build', () => {
    expect(chooseSource(fallen, SAVED, 2_000, 0.05)).toBe('live');
    expect(chooseSource(fallen, SAVED, 2_000, 0.1)).toEqual({ version: OLD });
    expect(chooseSource(configure(fallen, { probePercent: 50 }), SAVED, 2_000, 0.4)).toBe('live');
  });

  test('enough probes in a row return to the live build; after one failure the count starts at zero', () => {
    const probe = (ruling: Ruling, ok: boolean) => observe(ruling, outcome('live', NEW, ok), SAVED, 3_000);
    let ruling = fallen;
    for (const ok of [true, true, true, false, true, true, true]) ruling = probe(ruling, ok);
    expect(ruling.mode).toBe('fallback');
    expect(probe(ruling, true).mode).toBe('live');
  });

  test('a newer live build starts with a clean record', () => {
    let ruling: Ruling = { ...fallen, fallbacks: 6 };
    for (let i = 0; i < 4; i++) ruling = observe(ruling, outcome('live', NEWER, true), SAVED, 3_000 + i);
    expect(ruling).toMatchObject({ mode: 'live', live: NEWER });
  });

  test('a saved build that is removed or expires leads to the next that worked, or to the live one', () => {
    expect(withoutLostTarget(fallen, [], 5_000).mode).toBe('live');
    expect(withoutLostTarget(fallen, [{ version: OLD, expiresAt: 4_000 }], 5_000).mode).toBe('live');
    expect(withoutLostTarget(fallen, SAVED, 5_000)).toBe(fallen);
    const two = worked(fallen, NEWER, 1);
    expect(withoutLostTarget(two, [{ version: NEWER }], 5_000).mode).toBe('live');
  });

  test('a saved build that breaks as well is left', () => {
    let ruling = fallen;
    for (let i = 0; i < 9; i++)
      ruling = observe(ruling, outcome({ version: OLD }, OLD, false, `s${i}`), SAVED, 4_000 + i);
    expect(ruling.mode).toBe('live');
  });
});

describe('pinned', () => {
  const pinned = configure(initialRuling(0), { pinned: OLD });

  test('every start loads the pinned build until it is unpinned or expires', () => {
    expect(chooseSource(pinned, SAVED, 0, 0)).toEqual({ version: OLD });
    expect(chooseSource(pinned, [{ version: OLD, expiresAt: 10 }], 10, 0)).toBe('live');
    expect(chooseSource(configure(pinned, { pinned: null }), SAVED, 0, 0)).toBe('live');
  });

  test('failures of pinned starts change no mode', () => {
    let ruling = pinned;
    for (let i = 0; i < 50; i++)
      ruling = observe(ruling, outcome({ version: OLD }, OLD, false, `s${i}`), SAVED, i);
    expect(ruling).toMatchObject({ mode: 'live', pinned: OLD });
  });
});

describe('in any case', () => {
  test('the rule never flaps: n starts cause at most 2·log2(n) + 6 changes of mode', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 10, max: 100 }),
        (seed, failShare, probePercent) => {
          const draw = generator(seed);
          const starts = 3_000;
          const before = configure(worked(initialRuling(0), OLD, 50), { probePercent });
          const { modes } = run(
            before,
            starts,
            () => NEW,
            (build) => build === OLD || draw() >= failShare,
            () => draw(),
          );
          expect(changes(modes)).toBeLessThanOrEqual(2 * Math.log2(starts) + 6);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a live build that works again is used again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000_000 }), (seed) => {
        const draw = generator(seed);
        const { ruling } = run(
          worked(initialRuling(0), OLD, 50),
          20,
          () => NEW,
          (build) => build === OLD,
          () => draw(),
        );
        expect(ruling.mode).toBe('fallback');
        const after = run(
          ruling,
          600,
          () => NEW,
          () => true,
          () => draw(),
        );
        expect(after.ruling.mode).toBe('live');
      }),
      { numRuns: 60 },
    );
  });

  test('the state stays small and names only a usable build', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            live: fc.boolean(),
            build: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
            ok: fc.boolean(),
            session: fc.integer({ min: 1, max: 9 }),
          }),
          { maxLength: 400 },
        ),
        (steps) => {
          let ruling = initialRuling(0);
          for (const [i, step] of steps.entries()) {
            const version = step.build === undefined ? undefined : `2.3000.${step.build}`;
            const source: Source = step.live || version === undefined ? 'live' : { version };
            ruling = observe(ruling, outcome(source, version, step.ok, `s${step.session}`), SAVED, i);
            if (ruling.mode === 'fallback') expect(ruling.target).toBe(OLD);
          }
          expect(JSON.stringify(ruling).length).toBeLessThan(8_000);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('each fallback from one build within a day doubles the probes that a return needs', () => {
    expect([1, 2, 3, 8, 20].map((fallbacks) => probesNeeded({ fallbacks }))).toEqual([4, 8, 16, 512, 512]);
  });
});

test('versions are compared by their numbers and lose their channel', () => {
  expect(buildVersion('2.3000.1043565534-alpha')).toBe('2.3000.1043565534');
  expect(buildVersion('latest')).toBeUndefined();
  expect(compareVersions('2.3000.9', '2.3000.10')).toBeLessThan(0);
  expect(compareVersions('2.3001.1', '2.3000.10')).toBeGreaterThan(0);
});

/** A small seeded generator of numbers in [0, 1) (mulberry32). */
const generator = (seed: number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};
