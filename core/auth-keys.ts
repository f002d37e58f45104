/** Every auth state's key in the bucket starts so; the bucket's lifecycle rules and the functions' grants name it. */
export const AUTH_PREFIX = 'auth/';

/** Of received files, which are kept for a day or so. */
export const MEDIA_PREFIX = 'media/';
