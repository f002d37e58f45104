import * as z from 'zod';

/** Imported before any schema: zod would compile them with `new Function`, which the page's CSP forbids and reports. */
z.config({ jitless: true });
