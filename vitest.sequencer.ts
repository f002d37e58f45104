import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes minutes, the longest first: begun last, it would keep one core busy while the others have nothing to do. */
const LONG = [
  '/e2e/dashboard/',
  '/e2e/faults/',
  '/e2e/',
  '/fuzz/',
  '/integration/admission/',
  '/webhooks/',
  '/simulation/',
];

const rank = ({ moduleId }: TestSpecification): number => {
  const at = LONG.findIndex((part) => moduleId.includes(part));
  return at === -1 ? LONG.length : at;
};

export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
