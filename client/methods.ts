/** Generated from the table of operations by `npm run generate`; a test holds it against the table. Not edited by hand. */
import type { Body, Options, Result, Waking } from './derived.ts';

export type SessionsMethods = {
  /**
   * Show a session, or wait for a status. Needs the scope `sessions:read`.
   *
   * With `wait=status!=STARTING` it responds when the condition is true, or with the current state after
   * `timeout` seconds.
   */
  readonly get: (name: string, options?: Options<'getSession'>) => Promise<Result<'getSession'>>;
  /**
   * Replace a session's config. Needs the scope `sessions:write`.
   *
   * Deadlines and webhooks change at once, client and proxy with the next start. The result of `GET` can be
   * written back unchanged: a secret that is left out or masked (`********`) is kept, and `null` removes it.
   */
  readonly update: (
    name: string,
    request: Body<'updateSession'>,
    options?: Options<'updateSession'>,
  ) => Promise<Result<'updateSession'>>;
  /**
   * Stop a session and remove it, with its auth state. Needs the scope `sessions:write`.
   *
   * The account of a working session is unlinked first. Otherwise (it is stopped, or its worker does not
   * respond) the phone lists the device until it is removed there.
   */
  readonly delete: (name: string, options?: Options<'deleteSession'>) => Promise<Result<'deleteSession'>>;
  /**
   * Start a stopped session. Needs the scope `sessions:write`.
   *
   * Needs no QR code when the account is `linked`. A running session is returned unchanged. A stopping one is
   * waited for; 503 when that takes too long.
   */
  readonly start: (name: string, options?: Options<'startSession'>) => Promise<Result<'startSession'>>;
  /**
   * Stop a session; the account stays linked. Needs the scope `sessions:write`.
   *
   * Graceful: the account is saved first. A stopped session is returned unchanged.
   */
  readonly stop: (name: string, options?: Options<'stopSession'>) => Promise<Result<'stopSession'>>;
  /** Stop a session gracefully and start it again. Needs the scope `sessions:write`. */
  readonly restart: (name: string, options?: Options<'restartSession'>) => Promise<Result<'restartSession'>>;
  /**
   * Unlink the account and delete its auth state. Needs the scope `sessions:write`.
   *
   * Responds when the session has stopped. The account of a session that is stopped or waits for a restart is
   * only deleted here: the phone lists the device until it is removed there. 504: WhatsApp Web did not
   * confirm that the account is unlinked. The account is kept then; the session works again if it is still
   * linked, and ends as `logged_out` if it is not.
   */
  readonly logout: (name: string, options?: Options<'logoutSession'>) => Promise<Result<'logoutSession'>>;
  /** The linked account. Needs the scope `sessions:read`. */
  readonly me: (name: string, options?: Options<'getMe'>) => Promise<Result<'getMe'>>;
  /** Recent lifecycle events of a session, newest first. Needs the scope `sessions:read`. */
  readonly events: (
    name: string,
    options?: Options<'listSessionEvents'>,
  ) => Promise<Result<'listSessionEvents'>>;
};

export type WebhooksMethods = {
  /**
   * Recent webhook deliveries of a session, newest first. Needs the scope `sessions:read`.
   *
   * The latest attempt of each event, kept for a day.
   */
  readonly deliveries: (
    name: string,
    options?: Options<'listDeliveries'>,
  ) => Promise<Result<'listDeliveries'>>;
  /**
   * Send dead letters again: all, or those of a user, a session or a webhook. Admins only.
   *
   * In order per session and webhook, after everything that is queued. An event keeps its id, is sent by the
   * whole policy again, and stays listed until it is delivered. A repeated call sends nothing twice.
   */
  readonly redrive: (
    request?: Body<'redriveDeadLetters'>,
    options?: Options<'redriveDeadLetters'>,
  ) => Promise<Result<'redriveDeadLetters'>>;
};

export type AuthPasskeyMethods = {
  /**
   * The passkey challenge to sign. Needs the scope `sessions:write`.
   *
   * While the session is PASSKEY_REQUIRED. Pass it, with its base64url fields decoded, to
   * `navigator.credentials.get({publicKey})` in a browser at https://web.whatsapp.com that has the passkey of
   * the account; send the result to `POST /api/{session}/auth/passkey`. The challenge is not stored.
   */
  readonly challenge: (
    session: string,
    options?: Options<'getPasskeyChallenge'>,
  ) => Promise<Result<'getPasskeyChallenge'>>;
  /**
   * The signed passkey challenge. Needs the scope `sessions:write`.
   *
   * 201 when WhatsApp Web has accepted it. Then the session works, or it asks to compare a code
   * (PASSKEY_CONFIRMATION_REQUIRED), or, when WhatsApp rejects the signature, it is PASSKEY_REQUIRED with a
   * new challenge. 409: the challenge was answered before. 410: it has expired. 422: it is not a challenge of
   * this session, or was signed at another origin or with another passkey. These change nothing.
   */
  readonly submit: (
    session: string,
    request: Body<'submitPasskey'>,
    options?: Options<'submitPasskey'>,
  ) => Promise<Result<'submitPasskey'>>;
  /**
   * Confirm that the phone shows the same code. Needs the scope `sessions:write`.
   *
   * Only when the session is PASSKEY_CONFIRMATION_REQUIRED and a person has compared the codes.
   */
  readonly confirm: (
    session: string,
    options?: Options<'confirmPasskey'>,
  ) => Promise<Result<'confirmPasskey'>>;
};

export type AuthMethods = {
  readonly passkey: AuthPasskeyMethods;
};

export type MessagesMethods = {
  /** Send a text message. Needs the scope `messages:send`. */
  readonly sendText: Waking<'sendText'>;
  /**
   * Send a picture. Needs the scope `messages:send`.
   *
   * The file is given by URL (the session fetches it: http or https on the public Internet, up to three
   * redirects) or as base64 in the request (up to 4 MiB; with `wake=true` 300 KB in all). A larger one is
   * answered 413, one of another kind 415.
   */
  readonly sendImage: Waking<'sendImage'>;
  /**
   * Send a file as a document. Needs the scope `messages:send`.
   *
   * The file is given by URL (the session fetches it: http or https on the public Internet, up to three
   * redirects) or as base64 in the request (up to 4 MiB; with `wake=true` 300 KB in all). A larger one is
   * answered 413, one of another kind 415.
   */
  readonly sendFile: Waking<'sendFile'>;
  /**
   * Send a video. Needs the scope `messages:send`.
   *
   * The file is given by URL (the session fetches it: http or https on the public Internet, up to three
   * redirects) or as base64 in the request (up to 4 MiB; with `wake=true` 300 KB in all). A larger one is
   * answered 413, one of another kind 415.
   */
  readonly sendVideo: Waking<'sendVideo'>;
  /**
   * Send a voice message. Needs the scope `messages:send`.
   *
   * WhatsApp plays Ogg with Opus; nothing is converted. The file is given by URL (the session fetches it:
   * http or https on the public Internet, up to three redirects) or as base64 in the request (up to 4 MiB;
   * with `wake=true` 300 KB in all). A larger one is answered 413, one of another kind 415.
   */
  readonly sendVoice: Waking<'sendVoice'>;
  /** Send a location. Needs the scope `messages:send`. */
  readonly sendLocation: Waking<'sendLocation'>;
  /** Send contact cards. Needs the scope `messages:send`. */
  readonly sendContactVcard: Waking<'sendContactVcard'>;
  /**
   * Send a poll. Needs the scope `messages:send`.
   *
   * Votes come as events `poll.vote`.
   */
  readonly sendPoll: Waking<'sendPoll'>;
  /** React to a message; an empty reaction removes the earlier one. Needs the scope `messages:send`. */
  readonly setReaction: Waking<'setReaction'>;
  /** Mark a chat as read. Needs the scope `messages:send`. */
  readonly sendSeen: Waking<'sendSeen'>;
  /** Show that the account is typing. Needs the scope `messages:send`. */
  readonly startTyping: Waking<'startTyping'>;
  /** Stop showing that the account is typing. Needs the scope `messages:send`. */
  readonly stopTyping: Waking<'stopTyping'>;
};

export type ChatsMethods = {
  /** Chats, most recent first. Needs the scope `messages:read`. */
  readonly list: (session: string, options?: Options<'getChats'>) => Promise<Result<'getChats'>>;
  /**
   * Messages of a chat, newest first. Needs the scope `messages:read`.
   *
   * `offset` counts from the newest message. With `downloadMedia=true` files are downloaded and linked.
   */
  readonly messages: (
    session: string,
    chatId: string,
    options?: Options<'getMessages'>,
  ) => Promise<Result<'getMessages'>>;
};

export type ContactsMethods = {
  /** Whether a phone number is on WhatsApp. Needs the scope `messages:read`. */
  readonly checkExists: (
    session: string,
    phone: string,
    options?: Options<'checkNumber'>,
  ) => Promise<Result<'checkNumber'>>;
  /** Contacts. Needs the scope `messages:read`. */
  readonly list: (session: string, options?: Options<'getContacts'>) => Promise<Result<'getContacts'>>;
  /** One contact. Needs the scope `messages:read`. */
  readonly get: (
    session: string,
    contactId: string,
    options?: Options<'getContact'>,
  ) => Promise<Result<'getContact'>>;
};

export type LidsMethods = {
  /**
   * Hidden ids that the session knows, with their phone numbers. Needs the scope `messages:read`.
   *
   * WhatsApp identifies people by hidden ids (`…@lid`). `pn` is null when it does not reveal the phone
   * number.
   */
  readonly list: (session: string, options?: Options<'getLids'>) => Promise<Result<'getLids'>>;
  /**
   * The phone number of a hidden id. Needs the scope `messages:read`.
   *
   * `pn` is null when WhatsApp does not reveal the phone number.
   */
  readonly number: (
    session: string,
    lid: string,
    options?: Options<'findNumberByLid'>,
  ) => Promise<Result<'findNumberByLid'>>;
  /**
   * The hidden id of a phone number. Needs the scope `messages:read`.
   *
   * `lid` is null when the number is not on WhatsApp or has no hidden id.
   */
  readonly lid: (
    session: string,
    phoneNumber: string,
    options?: Options<'findLidByNumber'>,
  ) => Promise<Result<'findLidByNumber'>>;
};

export type GroupsMethods = {
  /** Groups of the account. Needs the scope `messages:read`. */
  readonly list: (session: string, options?: Options<'getGroups'>) => Promise<Result<'getGroups'>>;
  /** Create a group. Needs the scope `messages:send`. */
  readonly create: (
    session: string,
    request: Body<'createGroup'>,
    options?: Options<'createGroup'>,
  ) => Promise<Result<'createGroup'>>;
  /** One group. Needs the scope `messages:read`. */
  readonly get: (session: string, id: string, options?: Options<'getGroup'>) => Promise<Result<'getGroup'>>;
  /** Members of a group. Needs the scope `messages:read`. */
  readonly participants: (
    session: string,
    id: string,
    options?: Options<'getParticipants'>,
  ) => Promise<Result<'getParticipants'>>;
};

export type CommandsMethods = {
  /**
   * The result of a command that was answered 202. Needs the scope `messages:send`.
   *
   * With `wait` it responds when the command has ended, or with its current state after that many seconds.
   */
  readonly get: (id: string, options?: Options<'getCommand'>) => Promise<Result<'getCommand'>>;
};

export type LimitsMethods = {
  /** The limits, and their use. Needs the scope `sessions:read`. */
  readonly get: (options?: Options<'getLimits'>) => Promise<Result<'getLimits'>>;
  /**
   * Change limits at run time. Admins only.
   *
   * Takes effect at once. A lower limit blocks new admissions; running sessions continue.
   */
  readonly set: (request: Body<'setLimits'>, options?: Options<'setLimits'>) => Promise<Result<'setLimits'>>;
};

export type EngineMethods = {
  /** The builds of WhatsApp Web in use, and how starts end with each. Admins only. */
  readonly get: (options?: Options<'getEngine'>) => Promise<Result<'getEngine'>>;
  /**
   * Pin or unpin a build, or change the share of probing starts. Admins only.
   *
   * Takes effect with the next start. Running sessions keep their build.
   */
  readonly set: (request: Body<'setEngine'>, options?: Options<'setEngine'>) => Promise<Result<'setEngine'>>;
  /**
   * Store a build's HTML, so that it can be pinned and fallen back to. Admins only.
   *
   * Storing a build again replaces its HTML.
   */
  readonly saveBuild: (
    version: string,
    request: Body<'saveBuild'>,
    options?: Options<'saveBuild'>,
  ) => Promise<Result<'saveBuild'>>;
  /**
   * Remove a stored build. Admins only.
   *
   * A pinned build is not removed: unpin it first. Its statistics stay.
   */
  readonly removeBuild: (version: string, options?: Options<'removeBuild'>) => Promise<Result<'removeBuild'>>;
};

export type KeysMethods = {
  /** List API keys. Admins only. */
  readonly list: (options?: Options<'listKeys'>) => Promise<Result<'listKeys'>>;
  /** Create an API key. Admins only. */
  readonly create: (
    request: Body<'createKey'>,
    options?: Options<'createKey'>,
  ) => Promise<Result<'createKey'>>;
  /** Revoke an API key, at once. Admins only. */
  readonly delete: (id: string, options?: Options<'deleteKey'>) => Promise<Result<'deleteKey'>>;
};

export type ClientMethods = {
  /**
   * Slots in use, and the last 24 hours. Needs the scope `sessions:read`.
   *
   * A user's own sessions. An admin without `userId` gets those of all users, per user, and the last day.
   */
  readonly stats: (options?: Options<'getStats'>) => Promise<Result<'getStats'>>;
  /**
   * Slots in use over time. Admins only.
   *
   * One sample per minute, kept for two days. Above 288 samples, adjacent ones are merged into one point.
   */
  readonly statsHistory: (options?: Options<'getHistory'>) => Promise<Result<'getHistory'>>;
  /**
   * Prevent starts and end all sessions, before an environment is removed. Admins only.
   *
   * Sets the global limit to 0 and stops running sessions, up to 200 per call. Repeat it until it returns
   * `drained`. Accounts stay linked. To allow starts again, set the global limit (`PUT /api/limits`).
   */
  readonly drain: (request?: Body<'drain'>, options?: Options<'drain'>) => Promise<Result<'drain'>>;
  /** Your user, and the permissions of your key. */
  readonly me: (options?: Options<'getCaller'>) => Promise<Result<'getCaller'>>;
  /** Responds while the API is up. */
  readonly ping: (options?: Options<'ping'>) => Promise<Result<'ping'>>;
  /** Sign out of the dashboard. */
  readonly signOut: (options?: Options<'signOut'>) => Promise<Result<'signOut'>>;
  readonly sessions: SessionsMethods;
  readonly webhooks: WebhooksMethods;
  readonly auth: AuthMethods;
  readonly messages: MessagesMethods;
  readonly chats: ChatsMethods;
  readonly contacts: ContactsMethods;
  readonly lids: LidsMethods;
  readonly groups: GroupsMethods;
  readonly commands: CommandsMethods;
  readonly limits: LimitsMethods;
  readonly engine: EngineMethods;
  readonly keys: KeysMethods;
};
