/** The worker's part of the time line of a start. */
import { expect, test } from 'vitest';
import { createControlClock } from '../../../container/control/clock.ts';
import { createStartTimeLine, shifted } from '../../../container/start-steps.ts';
import { manualTime } from '../../helpers/manual-time.ts';
import { openHost } from './host-bench.ts';

test('a new session: the browser, then the page', async () => {
  const bench = openHost();
  await bench.start();
  expect(bench.steps).toEqual(['browserUp']);
  bench.library.client.emitPage('load');
  expect(bench.steps).toEqual(['browserUp', 'pageLoaded']);
});

test('a saved account is restored before the browser opens its profile', async () => {
  const bench = openHost({ states: 1 });
  await bench.start();
  bench.library.client.emitPage('load');
  expect(bench.steps).toEqual(['accountRestored', 'browserUp', 'pageLoaded']);
});

test('a step counts once, none after the end of the start, and all are reported by the clock of the control plane', async () => {
  const time = manualTime();
  const clock = createControlClock(time);
  clock.set(time.now() + 5_000);
  const line = createStartTimeLine(time);
  const began = time.now();
  line.reached('imagePulled', began - 20_000.6);
  line.reached('processUp');
  await time.advance(300);
  line.reached('processUp');
  line.reached('working');
  line.reached('codeShown');
  expect(shifted(line.unreported, clock.fromLocal)).toEqual({
    imagePulled: began - 15_001,
    processUp: began + 5_000,
    working: began + 5_300,
  });
  line.reported({ processUp: 0, imagePulled: 0 });
  expect(Object.keys(line.unreported)).toEqual(['working']);
});
