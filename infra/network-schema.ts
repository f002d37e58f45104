import * as z from 'zod';

const DEFAULT_CIDR = '10.42.0.0/16';
const DEFAULT_ZONES = 2;

/** Of a VPC's /16 to /22: a sixteenth for each zone's tasks, a sixty-fourth for its command functions. */
const TASK_BITS = 4;
const COMMAND_BITS = 6;
/** AWS keeps five addresses of every subnet. */
const RESERVED_ADDRESSES = 5;

const prefixOf = (cidr: string): number => Number(cidr.split('/')[1]);

const cidrSchema = z
  .string()
  .regex(/^\d{1,3}(\.\d{1,3}){3}\/(1[6-9]|2[0-2])$/, 'must be an IPv4 block of /16 to /22, like 10.42.0.0/16')
  .refine((cidr) => {
    const octets = (cidr.split('/')[0] ?? '').split('.').map(Number);
    if (octets.some((octet) => octet > 255)) return false;
    const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
    return address % 2 ** (32 - prefixOf(cidr)) === 0;
  }, 'is not the first address of a block of that size');

const subnets = z
  .array(z.string().regex(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/, 'must be the id of a subnet'))
  .min(1);

/** A VPC that is there already. Berth makes security groups in it and nothing else. */
const existingVpcSchema = z.strictObject({
  id: z.string().regex(/^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/, 'must be the id of a VPC'),
  /** They route to an internet gateway; each task gets a public address. */
  taskSubnets: subnets,
  /** They need no way out, but gateway endpoints of the VPC for DynamoDB and S3. */
  commandSubnets: subnets,
});

export const networkSchema = z
  .strictObject({
    /** Of the VPC that Berth makes. */
    cidr: cidrSchema.optional(),
    /** How many availability zones, or which: Fargate is missing in some. */
    zones: z
      .union([
        z.int().min(1).max(6),
        z
          .array(z.string().regex(/^[a-z]{2,}(-[a-z]+)+-\d+[a-z]$/, 'must be a zone, like eu-central-1a'))
          .min(1)
          .max(6),
      ])
      .optional(),
    vpc: existingVpcSchema.optional(),
  })
  .superRefine(({ cidr, zones, vpc }, context) => {
    for (const [name, value] of Object.entries({ cidr, zones }))
      if (vpc !== undefined && value !== undefined)
        context.addIssue({
          code: 'custom',
          path: [name],
          message: 'is of the VPC that Berth makes; remove it or "vpc"',
        });
  });
type Network = z.infer<typeof networkSchema>;

/** The VPC that Berth makes: its block, its zones, and the sizes of its subnets as prefix lengths. */
export const ownVpc = ({ cidr = DEFAULT_CIDR, zones = DEFAULT_ZONES }: Network) => ({
  cidr,
  zones,
  taskMask: prefixOf(cidr) + TASK_BITS,
  commandMask: prefixOf(cidr) + COMMAND_BITS,
});

/** How many tasks have an address at once; undefined in a VPC that Berth did not make. */
export const taskAddresses = (network: Network): number | undefined => {
  if (network.vpc !== undefined) return undefined;
  const { zones, taskMask } = ownVpc(network);
  return (Array.isArray(zones) ? zones.length : zones) * (2 ** (32 - taskMask) - RESERVED_ADDRESSES);
};
