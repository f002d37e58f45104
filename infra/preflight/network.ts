/**
 * The requirements of an environment's network: interfaces, zones or a VPC that exists, a certificate for its name.
 */
import type { Quota } from './aws-reader.ts';
import { type Check, increase } from './check.ts';
import { missing, ok, unknown } from './finding.ts';
import { tasksAtMost, taskWords } from './tasks.ts';

const INTERFACES: Quota = { service: 'vpc', code: 'L-DF5E4CA3', name: 'Network interfaces per Region' };
/** Of the command functions, which share a few, and of what else is in the region. */
const OTHER_INTERFACES = 50;
const SPARE_ADDRESSES = 5;

const interfaces: Check = {
  id: 'network-interfaces',
  run: async ({ aws, environment, region }) => {
    const value = await aws.quota(INTERFACES);
    const tasks = tasksAtMost(environment);
    const needed = tasks.all + OTHER_INTERFACES;
    if (value === undefined)
      return unknown('network-interfaces', `AWS reports no value for "${INTERFACES.name}".`);
    if (value >= needed) return ok('network-interfaces', `${value} network interfaces, one for each task.`);
    return missing(
      'network-interfaces',
      `${value} network interfaces; ${needed} are needed: for ${taskWords(tasks)}, and some for functions.`,
      increase(INTERFACES, needed, region),
    );
  },
};

const zones: Check = {
  id: 'zones',
  run: async ({ aws, environment: { network }, region }) => {
    if (network.vpc !== undefined) return [];
    const there = await aws.zones();
    if (Array.isArray(network.zones)) {
      const absent = network.zones.filter((zone) => !there.includes(zone));
      return absent.length === 0
        ? ok('zones', `The zones ${network.zones.join(', ')} are there.`)
        : missing(
            'zones',
            `${region} has no zone ${absent.join(', ')}; it has ${there.join(', ')}. Change network.zones.`,
          );
    }
    const wanted = network.zones ?? 2;
    return there.length >= wanted
      ? ok('zones', `The network takes the first ${wanted} of ${there.length} zones.`)
      : missing('zones', `${region} has ${there.length} zones and network.zones is ${wanted}. Lower it.`);
  },
};

const vpc: Check = {
  id: 'vpc',
  run: async ({ aws, environment, region }) => {
    const { vpc: own } = environment.network;
    if (own === undefined) return [];
    const [found, endpoints] = await Promise.all([
      aws.subnets([...own.taskSubnets, ...own.commandSubnets]),
      aws.gatewayEndpoints(own.id),
    ]);
    const needed = tasksAtMost(environment);
    const foreign = found.filter((subnet) => subnet.vpc !== own.id);
    const tasks = found.filter(({ id }) => own.taskSubnets.includes(id));
    const closed = tasks.filter(({ routesToInternet }) => !routesToInternet);
    const free = tasks.reduce(
      (sum, { freeAddresses }) => sum + Math.max(0, freeAddresses - SPARE_ADDRESSES),
      0,
    );
    const absent = ['s3', 'dynamodb'].filter((service) => !endpoints.includes(service));
    const findings = [
      ...foreign.map(({ id, vpc: other }) => missing('vpc', `${id} is of ${other}, not of ${own.id}.`)),
      ...closed.map(({ id }) =>
        missing('vpc', `${id} has no route to an internet gateway; tasks in it would not reach WhatsApp.`),
      ),
      ...absent.map((service) =>
        missing(
          'vpc',
          `${own.id} has no gateway endpoint for ${service}; command functions would not reach it.`,
          `aws ec2 create-vpc-endpoint --vpc-id ${own.id} --service-name com.amazonaws.${region}.${service} --route-table-ids <of ${own.commandSubnets.join(', ')}> --region ${region}`,
        ),
      ),
      ...(free < needed.all
        ? [
            missing(
              'vpc',
              `The task subnets have ${free} free addresses, and ${needed.all} may be needed: ${taskWords(needed)}.`,
            ),
          ]
        : []),
    ];
    return findings.length > 0 ? findings : ok('vpc', `${own.id} and its subnets can be used.`);
  },
};

const covers = (name: string, domain: string): boolean =>
  name === domain || (name.startsWith('*.') && domain.slice(domain.indexOf('.')) === name.slice(1));

/** The API's own name can't be made with a certificate that is not issued, or is for another name. */
const certificate: Check = {
  id: 'certificate',
  run: async ({ aws, environment: { domain }, region }) => {
    if (domain === undefined) return [];
    const found = await aws.certificate(domain.certificateArn);
    if (found === undefined)
      return missing(
        'certificate',
        `There is no certificate ${domain.certificateArn}.`,
        `aws acm request-certificate --domain-name ${domain.name} --validation-method DNS --region ${region}`,
      );
    if (found.status !== 'ISSUED')
      return missing(
        'certificate',
        `The certificate of ${domain.name} is ${found.status}, not ISSUED. Add the record that validates it.`,
        `aws acm describe-certificate --certificate-arn ${domain.certificateArn} --region ${region}`,
      );
    return found.names.some((name) => covers(name, domain.name))
      ? ok('certificate', `The certificate of ${domain.name} is issued.`)
      : missing('certificate', `The certificate is for ${found.names.join(', ')}, not for ${domain.name}.`);
  },
};

export const NETWORK_CHECKS: readonly Check[] = [interfaces, zones, vpc, certificate];
