import { matchesArn } from '../iam/pattern.ts';
import type { Access, AccessRecord } from './record.ts';

type FunctionReport = {
  readonly handler: string;
  readonly used: readonly Access[];
  /** Granted, not used, and not needed for any reason that is written down. */
  readonly unused: readonly Access[];
  /** Granted and not used, with the reason. */
  readonly explained: readonly (Access & { readonly reason: string })[];
  readonly denied: readonly Access[];
};

/** Why a function needs what no local run uses; undefined: there is no reason. */
type ReasonOf = (handler: string, action: string) => string | undefined;

/** Grants against use, over all runs, sorted by handler. A grant is used if any use falls under it. */
export const reportOn = (records: readonly AccessRecord[], reasonOf: ReasonOf): FunctionReport[] =>
  [...new Set(records.flatMap((record) => Object.keys(record)))].sort().map((handler) => {
    const of = (what: 'granted' | 'used' | 'denied') =>
      distinct(records.flatMap((record) => record[handler]?.[what] ?? []));
    const uses = of('used');
    const covers = (grant: Access) =>
      uses.some((use) => use.action === grant.action && matchesArn(grant.resource, use.resource));
    const idle = of('granted').filter((grant) => !covers(grant));
    return {
      handler,
      used: of('granted').filter(covers),
      unused: idle.filter(({ action }) => reasonOf(handler, action) === undefined),
      explained: idle.flatMap((grant) => {
        const reason = reasonOf(handler, grant.action);
        return reason === undefined ? [] : [{ ...grant, reason }];
      }),
      denied: of('denied'),
    };
  });

const distinct = (list: readonly Access[]): Access[] =>
  [...new Map(list.map((each) => [`${each.action} ${each.resource}`, each])).entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, each]) => each);

/** For people. */
export const printReport = (reports: readonly FunctionReport[]): string =>
  reports
    .map(({ handler, used, unused, explained, denied }) =>
      [
        handler,
        ...section('used', used),
        ...section('GRANTED AND NOT USED', unused),
        ...section('granted, not used here', explained, (each) => ` – ${each.reason}`),
        ...section('DENIED', denied),
      ].join('\n'),
    )
    .join('\n\n');

const section = <T extends Access>(
  title: string,
  list: readonly T[],
  more: (each: T) => string = () => '',
) =>
  list.length === 0
    ? []
    : [`  ${title}`, ...list.map((each) => `    ${each.action}  ${shorten(each.resource)}${more(each)}`)];

/** `arn:aws:dynamodb:us-east-1:000000000000:table/x` → `table/x` */
const shorten = (resource: string): string => resource.split(':').slice(5).join(':') || resource;
