import { describe, expect, test } from 'vitest';
import { matchesEvent, PatternError } from '../../../local/triggers/pattern.ts';

const EVENT = {
  source: 'aws.ecs',
  'detail-type': 'ECS Task State Change',
  detail: {
    clusterArn: 'arn:cluster/berth',
    lastStatus: 'STOPPED',
    exitCode: 137,
    tags: ['a', 'b'],
    gone: null,
  },
};

describe('event patterns', () => {
  test.each<[string, Record<string, unknown>, boolean]>([
    ['an exact value', { source: ['aws.ecs'] }, true],
    ['any of several', { source: ['aws.ec2', 'aws.ecs'] }, true],
    ['another value', { source: ['aws.ec2'] }, false],
    ['all fields must match', { source: ['aws.ecs'], detail: { lastStatus: ['RUNNING'] } }, false],
    ['nested', { detail: { lastStatus: ['STOPPED'], clusterArn: ['arn:cluster/berth'] } }, true],
    ['a list matches by any element', { detail: { tags: ['b'] } }, true],
    ['null', { detail: { gone: [null] } }, true],
    ['prefix', { source: [{ prefix: 'aws.' }] }, true],
    ['suffix', { source: [{ suffix: '.ecs' }] }, true],
    ['ignoring case', { detail: { lastStatus: [{ 'equals-ignore-case': 'stopped' }] } }, true],
    ['wildcard', { detail: { clusterArn: [{ wildcard: 'arn:*/ber*' }] } }, true],
    ['a question mark is no wildcard', { source: [{ wildcard: 'aws.ec?' }] }, false],
    ['anything but', { detail: { lastStatus: [{ 'anything-but': ['RUNNING', 'PENDING'] }] } }, true],
    ['anything but a prefix', { source: [{ 'anything-but': { prefix: 'aws' } }] }, false],
    ['exists', { detail: { exitCode: [{ exists: true }], other: [{ exists: false }] } }, true],
    ['exists not', { detail: { exitCode: [{ exists: false }] } }, false],
    ['numeric', { detail: { exitCode: [{ numeric: ['>', 0, '<=', 137] }] } }, true],
    ['numeric not', { detail: { exitCode: [{ numeric: ['>', 137] }] } }, false],
    ['$or', { $or: [{ source: ['x'] }, { detail: { lastStatus: ['STOPPED'] } }] }, true],
    ['a field that is not there', { region: ['x'] }, false],
  ])('%s', (_name, pattern, expected) => {
    expect(matchesEvent(pattern, EVENT)).toBe(expected);
  });

  test('an operator that is not known is an error, never a silent mismatch', () => {
    expect(() => matchesEvent({ source: [{ cidr: '10.0.0.0/8' }] }, EVENT)).toThrow(PatternError);
  });
});
