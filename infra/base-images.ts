/** The image's base images, as `ARG <NAME>_IMAGE=name:tag[@digest]` in container/Dockerfile. */
const BASE_IMAGE = /^(ARG \w+_IMAGE=)([^\s@]+)(?:@(\S+))?$/gm;

type BaseImage = {
  /** Name and tag. */
  readonly image: string;
  /** `sha256:…`; undefined while the tag alone pins it, which the registry may move. */
  readonly digest: string | undefined;
};

export const baseImages = (dockerfile: string): BaseImage[] =>
  [...dockerfile.matchAll(BASE_IMAGE)].map(([, , image = '', digest]) => ({ image, digest }));

/** The Dockerfile with these digests, by name and tag; other images stay as they are. */
export const withDigests = (dockerfile: string, digests: ReadonlyMap<string, string>): string =>
  dockerfile.replace(BASE_IMAGE, (line: string, arg: string, image: string) => {
    const digest = digests.get(image);
    return digest === undefined ? line : `${arg}${image}@${digest}`;
  });
