/** The operator's own hosts (EC2) that many sessions share, as an operator sets them. */
import * as z from 'zod';

/** `m7g.large`: the letters after the generation say the processor; a `g` among them is Graviton. */
const INSTANCE_TYPE = /^[a-z]+\d+([a-z-]*)\.[a-z0-9]+$/;

export const hostsSchema = z.strictObject({
  instanceType: z
    .string()
    .regex(INSTANCE_TYPE, 'must be an instance type like m7g.large')
    .default('m7g.large'),
  /** Hosts that run without a session, and at most. */
  least: z.int().min(0).max(500).default(0),
  most: z.int().min(1).max(500).default(10),
  /** Memory that a session of the size `standard` is placed with. Its limit is the memory of its size. */
  sessionMiB: z.int().min(128).max(8192).default(350),
  /** A host is replaced after so many days, by one with the newest image; its sessions move. AWS takes 1 to 365. */
  lifetimeDays: z.int().min(1).max(365).default(30),
});

/** The processor architecture of an instance type. */
export const architectureOf = (instanceType: string): 'ARM64' | 'X86_64' =>
  INSTANCE_TYPE.exec(instanceType)?.[1]?.includes('g') ? 'ARM64' : 'X86_64';
