import { join } from 'node:path';

/** The place of a session's profile within its folder; its browser's processes are found by this. */
export const profileDirIn = (workDir: string): string => join(workDir, 'profile');
