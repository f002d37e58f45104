import { expect, test } from 'vitest';
import { BadCommandLine, parseCommandLine } from '../../../local/command-line.ts';

test('without options: port 3000, .berth, WhatsApp chosen by what answers', () => {
  expect(parseCommandLine([])).toEqual({
    port: 3000,
    dataDir: '.berth',
    whatsapp: undefined,
    reset: false,
    standby: 1,
    throttled: true,
    loopback: true,
    deploy: false,
    quiet: false,
    help: false,
  });
});

test('all options', () => {
  expect(
    parseCommandLine(['--port', '4000', '--data', 'x', '--simulate', '--reset', '--quiet']),
  ).toMatchObject({
    port: 4000,
    dataDir: 'x',
    whatsapp: 'simulator',
    reset: true,
    quiet: true,
  });
  expect(parseCommandLine(['--live']).whatsapp).toBe('live');
  expect(parseCommandLine(['--deploy', '--data', 'x'])).toMatchObject({ deploy: true, dataDir: 'x' });
  expect(parseCommandLine(['--standby', '0']).standby).toBe(0);
  expect(parseCommandLine(['--concurrency', '600', '--no-throttle'])).toMatchObject({
    concurrency: 600,
    throttled: false,
  });
  expect(parseCommandLine(['--no-loopback']).loopback).toBe(false);
});

test.each([
  [['--port', 'x']],
  [['--port', '70000']],
  [['--simulate', '--live']],
  [['--concurrency', '0']],
  [['--standby', '4']],
  [['--standby', 'many']],
  [['--concurrency', 'many']],
  [['--nonsense']],
  [['word']],
])('%j is refused with a sentence', (args) => {
  expect(() => parseCommandLine(args)).toThrow(BadCommandLine);
});
