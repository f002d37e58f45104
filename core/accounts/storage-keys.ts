/** Every auth state's key in the bucket starts so; the bucket's lifecycle rules and the functions' grants name it. */
export const AUTH_PREFIX = 'auth/';

/** HTML of builds of WhatsApp Web, kept until an administrator removes it. */
export const BUILDS_PREFIX = 'builds/';

/** Of received files, which are kept for a day or so. */
export const MEDIA_PREFIX = 'media/';
