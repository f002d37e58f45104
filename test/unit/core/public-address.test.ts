/** Addresses that callers may make Berth call: of the public Internet, and nothing that leads elsewhere. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allowsLoopback, isPublicAddress } from '../../../core/access/public-address.ts';

const hex = (n: number): string => n.toString(16).padStart(4, '0');
const word = fc.integer({ min: 0, max: 0xffff });
/** Eight words, the first of them as given. */
const ipv6 = (first: fc.Arbitrary<number>) =>
  fc.tuple(first, ...Array.from({ length: 7 }, () => word)).map((words) => words.map(hex).join(':'));

test('no IPv6 address outside of 2000::/3 is public', () => {
  const outside = fc.oneof(fc.integer({ min: 0, max: 0x1fff }), fc.integer({ min: 0x4000, max: 0xffff }));
  fc.assert(
    fc.property(ipv6(outside), (address) => {
      // An IPv4 address in IPv6 notation is judged as what it is.
      fc.pre(!/^(0000:){5}ffff:/.test(address));
      expect(isPublicAddress(address, false), address).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('addresses that embed an IPv4 address lead to no private one', () => {
  for (const inner of [
    '127.0.0.1',
    '10.0.0.1',
    '169.254.169.254',
    '192.168.1.1',
    '172.16.0.1',
    '100.64.0.1',
  ]) {
    const [a = 0, b = 0, c = 0, d = 0] = inner.split('.').map(Number);
    const [high, low] = [hex(a * 256 + b), hex(c * 256 + d)];
    for (const address of [
      `::ffff:${inner}`,
      `::${inner}`,
      `64:ff9b::${inner}`,
      `64:ff9b:1::${inner}`,
      `2002:${high}:${low}::1`,
      `2001:0:${high}:${low}::1`,
    ])
      expect(isPublicAddress(address, false), address).toBe(false);
  }
});

test('reserved, documentation and multicast ranges are not public; unicast addresses are', () => {
  for (const address of [
    '2001:db8::1',
    '3fff::1',
    '5f00::1',
    '4000::1',
    'fec0::1',
    'ff02::1',
    '::',
    '::1',
    '100::1',
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
    '240.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    'not an address',
  ])
    expect(isPublicAddress(address, false), address).toBe(false);
  for (const address of ['2606:4700::1111', '2a00:1450:4001::8a', '1.1.1.1', '93.184.215.14'])
    expect(isPublicAddress(address, false), address).toBe(true);
});

test('if loopback is allowed, the ports of the system itself are not', () => {
  const rules = { allowLoopback: true, refusedPorts: [443, 80, 4000] };
  const allowed = (url: string, over: Partial<typeof rules> = {}) =>
    allowsLoopback(new URL(url), { ...rules, ...over });
  expect(allowed('http://127.0.0.1:4001/')).toBe(true);
  for (const url of [
    'http://127.0.0.1:4000/',
    'http://localhost:4000/',
    'http://[::1]:4000/',
    'http://127.1:4000/',
  ])
    expect(allowed(url), url).toBe(false);
  // The scheme's own port, which the address leaves out.
  expect([allowed('http://127.0.0.1/'), allowed('https://127.0.0.1/')]).toEqual([false, false]);
  expect(allowed('http://127.0.0.1:4001/', { allowLoopback: false })).toBe(false);
});
