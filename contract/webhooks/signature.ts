/** The signature of a webhook's request that covers its time, so that a request that was recorded is not good for ever. */

/** Hex of the HMAC-SHA512, with the webhook's key, over `signedText`. */
export const SIGNATURE_HEADER = 'x-webhook-signature';
/** When the request was made, in ms since 1970. A repeat of the event has a later one. */
export const TIMESTAMP_HEADER = 'x-webhook-timestamp';

/** The signed text: the timestamp as the header has it, a full stop, the body as it is sent. */
export const signedText = (timestamp: string, body: string): string => `${timestamp}.${body}`;

/** How far a request's time may be from the receiver's clock. */
export const TOLERANCE_SECONDS = 300;
