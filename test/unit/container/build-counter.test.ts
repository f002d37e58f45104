import { expect, test } from 'vitest';
import { createBuildCounter } from '../../../container/whatsapp/build-counter.ts';
import { reportedBuildsSchema } from '../../../contract/builds/counts.ts';

const BUILD = '2.3000.100';
const counter = () => createBuildCounter({ isSaved: () => false, onChange: () => {} });

test('what a client does before its page reports the version counts for that version', () => {
  const builds = counter();
  builds.started();
  builds.loaded(`${BUILD}-alpha`);
  builds.showedCode();
  builds.showedCode();
  builds.linked();
  builds.ready();
  builds.sent();
  builds.sent();
  expect(builds.build).toBe(BUILD);
  expect(builds.counts).toEqual([
    { build: BUILD, saved: false, starts: 1, codes: 1, links: 1, readies: 1, sends: 2, failures: 0 },
  ]);
});

test('a client that fails before its page reports the version counts for no known build', () => {
  const builds = counter();
  builds.started();
  builds.failed('start failed: a module is missing');
  builds.started();
  builds.loaded(BUILD);
  expect(builds.counts).toMatchObject([
    { build: null, starts: 1, failures: 1 },
    { build: BUILD, starts: 1, failures: 0 },
  ]);
});

test('a link that fails after its code was shown is a failure of the build', () => {
  const builds = counter();
  builds.started();
  builds.loaded(BUILD);
  builds.showedCode();
  builds.linked();
  builds.failed('syncing took longer than 60 s');
  expect(builds.counts).toMatchObject([{ build: BUILD, codes: 1, links: 1, failures: 1 }]);
});

test.each([
  'start failed: net::ERR_NAME_NOT_RESOLVED',
  'launching the browser took longer than 35 s',
  'the browser is gone',
])('a fault of network or browser is none of the build: %s', (reason) => {
  const builds = counter();
  builds.started();
  builds.loaded(BUILD);
  builds.failed(reason);
  expect(builds.counts).toMatchObject([{ build: BUILD, failures: 0 }]);
});

test('what fails after a client was ready is none of the build', () => {
  const builds = counter();
  builds.started();
  builds.loaded(BUILD);
  builds.ready();
  builds.failed('the page does not respond');
  expect(builds.counts).toMatchObject([{ build: BUILD, readies: 1, failures: 0 }]);
});

test('a worker that outlives many builds reports the newest ones, no more than a report takes', () => {
  const builds = counter();
  for (let n = 1; n <= 12; n++) {
    builds.started();
    builds.loaded(`2.3000.${n}`);
  }
  expect(reportedBuildsSchema.safeParse(builds.counts).success).toBe(true);
  expect(builds.counts.at(-1)).toMatchObject({ build: '2.3000.12', starts: 1 });
});

test('a stored page is counted apart from the live one, and what is no version is not believed', () => {
  let saved = false;
  const builds = createBuildCounter({ isSaved: () => saved, onChange: () => {} });
  builds.started();
  builds.loaded({ not: 'a version' });
  expect(builds.build).toBeUndefined();
  builds.loaded(BUILD);
  saved = true;
  builds.started();
  builds.loaded(BUILD);
  expect(builds.counts).toMatchObject([
    { build: BUILD, saved: false, starts: 1 },
    { build: BUILD, saved: true, starts: 1 },
  ]);
});
