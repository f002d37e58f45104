import { randomBytes } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Principal extends Credentials {
  readonly roleId: string;
}

/**
 * The principals that may call the gateway. Each role has one pair of credentials, made at its first registration and
 * kept for the life of the process. Like a role's temporary credentials on AWS they end with it, and
 * presigned URLs that were signed with them end too.
 */
export class Principals {
  readonly #byRole = new Map<string, Principal>();
  readonly #byAccessKeyId = new Map<string, Principal>();

  /** The credentials of a role, for its function's environment. */
  register(roleId: string): Credentials {
    const known = this.#byRole.get(roleId);
    if (known !== undefined) {
      return { accessKeyId: known.accessKeyId, secretAccessKey: known.secretAccessKey };
    }
    const credentials = {
      accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
    };
    const principal = { roleId, ...credentials };
    this.#byRole.set(roleId, principal);
    this.#byAccessKeyId.set(credentials.accessKeyId, principal);
    return credentials;
  }

  byAccessKeyId(accessKeyId: string): Principal | undefined {
    return this.#byAccessKeyId.get(accessKeyId);
  }
}
