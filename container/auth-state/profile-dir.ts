import { join } from 'node:path';

/** Where a session's profile lies within its folder; its browser's processes are found by this. */
export const profileDirIn = (workDir: string): string => join(workDir, 'profile');
