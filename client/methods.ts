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
   * Deadlines and webhooks change at once. If client or proxy changes, a running session restarts; 503 says
   * that the config is saved and the session must be started. The result of `GET` can be written back
   * unchanged: a secret that is left out or masked (`********`) is kept, and `null` removes it.
   */
  readonly update: (
    name: string,
    request?: Body<'updateSession'>,
    options?: Options<'updateSession'>,
  ) => Promise<Result<'updateSession'>>;
  /**
   * Stop a session and remove it, with its auth state. Needs the scope `sessions:write`.
   *
   * The account of a working session is unlinked first. Otherwise (it is stopped, or its worker does not
   * respond) the phone lists the device until it is removed there. 200 also if there is no such session.
   */
  readonly delete: (name: string, options?: Options<'deleteSession'>) => Promise<Result<'deleteSession'>>;
  /** Recent lifecycle events of a session, newest first. Needs the scope `sessions:read`. */
  readonly events: (
    name: string,
    options?: Options<'listSessionEvents'>,
  ) => Promise<Result<'listSessionEvents'>>;
  /**
   * Unlink the account, delete its auth state, and show a new QR code. Needs the scope `sessions:write`.
   *
   * A session that runs starts again and asks to be linked; if no slot is free by then, it stays stopped,
   * which the response says. A stopped session stays stopped. The account of a session that is stopped or
   * waits for a restart is only deleted here: the phone lists the device until it is removed there. 504:
   * WhatsApp Web did not confirm that the account is unlinked. The account is kept then; the session works
   * again if it is still linked, and ends as `logged_out` if it is not.
   */
  readonly logout: (name: string, options?: Options<'logoutSession'>) => Promise<Result<'logoutSession'>>;
  /** The linked account. Needs the scope `sessions:read`. */
  readonly me: (name: string, options?: Options<'getMe'>) => Promise<Result<'getMe'>>;
  /** Stop a session gracefully and start it again. Needs the scope `sessions:write`. */
  readonly restart: (name: string, options?: Options<'restartSession'>) => Promise<Result<'restartSession'>>;
  /**
   * Start a stopped session. Needs the scope `sessions:write`.
   *
   * Needs no QR code when the account is `linked`. A running session is returned unchanged. A stopping one is
   * waited for; 503 when that takes too long. With `wait` the response comes once the session works or needs
   * a QR code, which it then has (`qr`), or after that many seconds.
   */
  readonly start: (name: string, options?: Options<'startSession'>) => Promise<Result<'startSession'>>;
  /**
   * Stop a session; the account stays linked. Needs the scope `sessions:write`.
   *
   * Graceful: the account is saved first. A stopped session is returned unchanged.
   */
  readonly stop: (name: string, options?: Options<'stopSession'>) => Promise<Result<'stopSession'>>;
  /**
   * A screenshot of the page of WhatsApp Web. Needs the scope `sessions:write`.
   *
   * It shows chats, and in other statuses a QR code: a key needs the scope sessions:write.
   */
  readonly screenshot: (
    session: string,
    options?: Options<'getScreenshot'>,
  ) => Promise<Result<'getScreenshot'>>;
};

export type ErasuresMethods = {
  /**
   * Erase everything of a user: sessions, accounts, files, events, limits and keys. Admins only.
   *
   * A background step revokes the keys of the user, stops and deletes the sessions, and erases their
   * remaining data. It continues after a crash; `GET /api/erasures` reports it. A repeated call returns the
   * erasure that is under way. The phone lists the device of a linked account until it is removed there: if
   * that matters, unlink sessions that run first.
   */
  readonly user: (request: Body<'eraseUser'>, options?: Options<'eraseUser'>) => Promise<Result<'eraseUser'>>;
  /**
   * List erasures, newest first: of deleted sessions, and of users. Needs the scope `sessions:read`.
   *
   * Deleting a session erases what it left in the background, in about 20 minutes. A finished erasure is
   * listed for 30 days. A key for named sessions sees those only.
   */
  readonly list: (options?: Options<'listErasures'>) => Promise<Result<'listErasures'>>;
};

export type AuthPasskeyMethods = {
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
  /**
   * Edit the text of a message, or the caption of a file. Needs the scope `messages:send`.
   *
   * Answered once the new text is shown. WhatsApp lets a message of this account be edited for 15 minutes;
   * later, and for other people's messages, 422. Webhooks get `message.edited`.
   */
  readonly edit: (
    session: string,
    chatId: string,
    messageId: string,
    request: Body<'editMessage'>,
    options?: Options<'editMessage'>,
  ) => Promise<Result<'editMessage'>>;
  /**
   * Delete a message, for everyone if WhatsApp allows it. Needs the scope `messages:send`.
   *
   * WhatsApp deletes a message of this account for everyone for about two days, and one of another member in
   * a group whose admin the account is. Otherwise it is deleted for this account only; `deletedFor` says
   * which. Webhooks get `message.revoked` if it was for everyone.
   */
  readonly delete: (
    session: string,
    chatId: string,
    messageId: string,
    options?: Options<'deleteMessage'>,
  ) => Promise<Result<'deleteMessage'>>;
  /** Pin a message in its chat. Needs the scope `messages:send`. */
  readonly pin: (
    session: string,
    chatId: string,
    messageId: string,
    request: Body<'pinMessage'>,
    options?: Options<'pinMessage'>,
  ) => Promise<Result<'pinMessage'>>;
  /** Unpin a message. Needs the scope `messages:send`. */
  readonly unpin: (
    session: string,
    chatId: string,
    messageId: string,
    options?: Options<'unpinMessage'>,
  ) => Promise<Result<'unpinMessage'>>;
  /** Forward a message to another chat. Needs the scope `messages:send`. */
  readonly forwardMessage: Waking<'forwardMessage'>;
  /** Star a message, or take the star away. Needs the scope `messages:send`. */
  readonly starMessage: Waking<'starMessage'>;
  /** Vote in a poll; no option takes the vote back. Needs the scope `messages:send`. */
  readonly sendPollVote: Waking<'sendPollVote'>;
  /** Send an event: something that takes place at a time. Needs the scope `messages:send`. */
  readonly sendEvent: (
    session: string,
    request: Body<'sendEvent'>,
    options?: Options<'sendEvent'>,
  ) => Promise<Result<'sendEvent'>>;
  /**
   * An id for a message that is yet to be sent. Needs the scope `messages:send`.
   *
   * This engine gives messages its own ids: this id is useful as a caller’s mark, not in sends.
   */
  readonly newId: (
    session: string,
    options?: Options<'getNewMessageId'>,
  ) => Promise<Result<'getNewMessageId'>>;
};

export type ChatsMethods = {
  /** One message, with who reacted to it. Needs the scope `messages:read`. */
  readonly message: (
    session: string,
    chatId: string,
    messageId: string,
    options?: Options<'getMessage'>,
  ) => Promise<Result<'getMessage'>>;
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
  /** Chats with name, picture and last message. Needs the scope `messages:read`. */
  readonly overview: (
    session: string,
    options?: Options<'getChatsOverview'>,
  ) => Promise<Result<'getChatsOverview'>>;
  /** The same, for more ids than a query takes. Needs the scope `messages:read`. */
  readonly findOverview: (
    session: string,
    request?: Body<'findChatsOverview'>,
    options?: Options<'findChatsOverview'>,
  ) => Promise<Result<'findChatsOverview'>>;
  /** A chat's picture. Needs the scope `messages:read`. */
  readonly picture: (
    session: string,
    chatId: string,
    options?: Options<'getChatPicture'>,
  ) => Promise<Result<'getChatPicture'>>;
  /**
   * Mark a chat as read. Needs the scope `messages:send`.
   *
   * The whole chat: WhatsApp Web knows no seen single message. `messages` and `days` change nothing.
   */
  readonly read: (
    session: string,
    chatId: string,
    request?: Body<'readChat'>,
    options?: Options<'readChat'>,
  ) => Promise<Result<'readChat'>>;
  /** Mark a chat as unread. Needs the scope `messages:send`. */
  readonly unread: (
    session: string,
    chatId: string,
    options?: Options<'markChatUnread'>,
  ) => Promise<Result<'markChatUnread'>>;
  /** Archive a chat. Needs the scope `messages:send`. */
  readonly archive: (
    session: string,
    chatId: string,
    options?: Options<'archiveChat'>,
  ) => Promise<Result<'archiveChat'>>;
  /** Take a chat out of the archive. Needs the scope `messages:send`. */
  readonly unarchive: (
    session: string,
    chatId: string,
    options?: Options<'unarchiveChat'>,
  ) => Promise<Result<'unarchiveChat'>>;
  /** Delete all messages of a chat, for this account only. Needs the scope `messages:send`. */
  readonly clear: (
    session: string,
    chatId: string,
    options?: Options<'clearChat'>,
  ) => Promise<Result<'clearChat'>>;
  /**
   * Delete a chat, for this account only. Needs the scope `messages:send`.
   *
   * A group has to be left first.
   */
  readonly delete: (
    session: string,
    chatId: string,
    options?: Options<'deleteChat'>,
  ) => Promise<Result<'deleteChat'>>;
};

export type StatusMethods = {
  /**
   * Publish a text as a Status. Needs the scope `messages:send`.
   *
   * The account's privacy settings decide who sees it; `contacts` changes nothing.
   */
  readonly text: (
    session: string,
    request: Body<'sendTextStatus'>,
    options?: Options<'sendTextStatus'>,
  ) => Promise<Result<'sendTextStatus'>>;
  /**
   * Publish a picture as a Status. Needs the scope `messages:send`.
   *
   * The account's privacy settings decide who sees it; `contacts` changes nothing.
   */
  readonly image: (
    session: string,
    request: Body<'sendImageStatus'>,
    options?: Options<'sendImageStatus'>,
  ) => Promise<Result<'sendImageStatus'>>;
  /**
   * Publish a voice message as a Status. Needs the scope `messages:send`.
   *
   * The account's privacy settings decide who sees it; `contacts` changes nothing.
   */
  readonly voice: (
    session: string,
    request: Body<'sendVoiceStatus'>,
    options?: Options<'sendVoiceStatus'>,
  ) => Promise<Result<'sendVoiceStatus'>>;
  /**
   * Publish a video as a Status. Needs the scope `messages:send`.
   *
   * The account's privacy settings decide who sees it; `contacts` changes nothing.
   */
  readonly video: (
    session: string,
    request: Body<'sendVideoStatus'>,
    options?: Options<'sendVideoStatus'>,
  ) => Promise<Result<'sendVideoStatus'>>;
  /** Take a Status of this account back. Needs the scope `messages:send`. */
  readonly delete: (
    session: string,
    request?: Body<'deleteStatus'>,
    options?: Options<'deleteStatus'>,
  ) => Promise<Result<'deleteStatus'>>;
  /**
   * An id for a Status that is yet to be published. Needs the scope `messages:send`.
   *
   * This engine gives messages its own ids: this id is useful as a caller’s mark, not in sends.
   */
  readonly newId: (session: string, options?: Options<'getNewStatusId'>) => Promise<Result<'getNewStatusId'>>;
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
  /** A contact's about text. Needs the scope `messages:read`. */
  readonly about: (
    session: string,
    contactId: string,
    options?: Options<'getContactAbout'>,
  ) => Promise<Result<'getContactAbout'>>;
  /** A contact's picture. Needs the scope `messages:read`. */
  readonly picture: (
    session: string,
    contactId: string,
    options?: Options<'getContactPicture'>,
  ) => Promise<Result<'getContactPicture'>>;
  /** Block a contact. Needs the scope `messages:send`. */
  readonly block: (
    request: Body<'blockContact'>,
    options?: Options<'blockContact'>,
  ) => Promise<Result<'blockContact'>>;
  /** Unblock a contact. Needs the scope `messages:send`. */
  readonly unblock: (
    request: Body<'unblockContact'>,
    options?: Options<'unblockContact'>,
  ) => Promise<Result<'unblockContact'>>;
  /** One contact, by the path. Needs the scope `messages:read`. */
  readonly getById: (
    session: string,
    id: string,
    options?: Options<'getContactById'>,
  ) => Promise<Result<'getContactById'>>;
  /** Save a person in the account's address book. Needs the scope `messages:send`. */
  readonly save: (
    session: string,
    chatId: string,
    request: Body<'saveContact'>,
    options?: Options<'saveContact'>,
  ) => Promise<Result<'saveContact'>>;
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
  /** How many groups the account is in. Needs the scope `messages:read`. */
  readonly count: (session: string, options?: Options<'countGroups'>) => Promise<Result<'countGroups'>>;
  /**
   * Read the groups again. Needs the scope `messages:send`.
   *
   * They are read from WhatsApp Web at every question: this is here for clients that ask for it.
   */
  readonly refresh: (session: string, options?: Options<'refreshGroups'>) => Promise<Result<'refreshGroups'>>;
  /** The group behind an invitation, before it is joined. Needs the scope `messages:read`. */
  readonly joinInfo: (
    session: string,
    options?: Options<'getInviteInfo'>,
  ) => Promise<Result<'getInviteInfo'>>;
  /** Join a group by its invitation. Needs the scope `messages:send`. */
  readonly join: (
    session: string,
    request: Body<'joinGroup'>,
    options?: Options<'joinGroup'>,
  ) => Promise<Result<'joinGroup'>>;
  /** Leave a group and delete its chat, for this account only. Needs the scope `messages:send`. */
  readonly delete: (
    session: string,
    id: string,
    options?: Options<'deleteGroup'>,
  ) => Promise<Result<'deleteGroup'>>;
  /** Leave a group. Needs the scope `messages:send`. */
  readonly leave: (
    session: string,
    id: string,
    options?: Options<'leaveGroup'>,
  ) => Promise<Result<'leaveGroup'>>;
  /** A group's picture. Needs the scope `messages:read`. */
  readonly picture: (
    session: string,
    id: string,
    options?: Options<'getGroupPicture'>,
  ) => Promise<Result<'getGroupPicture'>>;
  /**
   * Set a group's picture. Needs the scope `messages:send`.
   *
   * JPEG, PNG or WebP; it is cut to a square.
   */
  readonly setPicture: (
    session: string,
    id: string,
    request: Body<'setGroupPicture'>,
    options?: Options<'setGroupPicture'>,
  ) => Promise<Result<'setGroupPicture'>>;
  /** Take a group's picture away. Needs the scope `messages:send`. */
  readonly deletePicture: (
    session: string,
    id: string,
    options?: Options<'deleteGroupPicture'>,
  ) => Promise<Result<'deleteGroupPicture'>>;
  /** Set a group's name. Needs the scope `messages:send`. */
  readonly setSubject: (
    session: string,
    id: string,
    request: Body<'setGroupSubject'>,
    options?: Options<'setGroupSubject'>,
  ) => Promise<Result<'setGroupSubject'>>;
  /** Set a group's description. Needs the scope `messages:send`. */
  readonly setDescription: (
    session: string,
    id: string,
    request: Body<'setGroupDescription'>,
    options?: Options<'setGroupDescription'>,
  ) => Promise<Result<'setGroupDescription'>>;
  /** Whether only admins change name, description and picture. Needs the scope `messages:read`. */
  readonly infoAdminsOnly: (
    session: string,
    id: string,
    options?: Options<'getInfoAdminsOnly'>,
  ) => Promise<Result<'getInfoAdminsOnly'>>;
  /**
   * Let only admins, or all members, change name, description and picture. Needs the scope `messages:send`.
   */
  readonly setInfoAdminsOnly: (
    session: string,
    id: string,
    request: Body<'setInfoAdminsOnly'>,
    options?: Options<'setInfoAdminsOnly'>,
  ) => Promise<Result<'setInfoAdminsOnly'>>;
  /** Whether only admins write. Needs the scope `messages:read`. */
  readonly messagesAdminsOnly: (
    session: string,
    id: string,
    options?: Options<'getMessagesAdminsOnly'>,
  ) => Promise<Result<'getMessagesAdminsOnly'>>;
  /** Let only admins, or all members, write. Needs the scope `messages:send`. */
  readonly setMessagesAdminsOnly: (
    session: string,
    id: string,
    request: Body<'setMessagesAdminsOnly'>,
    options?: Options<'setMessagesAdminsOnly'>,
  ) => Promise<Result<'setMessagesAdminsOnly'>>;
  /** The code by which people join a group. Needs the scope `messages:read`. */
  readonly inviteCode: (
    session: string,
    id: string,
    options?: Options<'getInviteCode'>,
  ) => Promise<Result<'getInviteCode'>>;
  /** Replace the code by which people join a group. Needs the scope `messages:send`. */
  readonly revokeInviteCode: (
    session: string,
    id: string,
    options?: Options<'revokeInviteCode'>,
  ) => Promise<Result<'revokeInviteCode'>>;
  /** Members of a group, with phone numbers. Needs the scope `messages:read`. */
  readonly participantsV2: (
    session: string,
    id: string,
    options?: Options<'getParticipantsV2'>,
  ) => Promise<Result<'getParticipantsV2'>>;
  /** Make members of a group admins. Needs the scope `messages:send`. */
  readonly promote: (
    session: string,
    id: string,
    request: Body<'promoteParticipants'>,
    options?: Options<'promoteParticipants'>,
  ) => Promise<Result<'promoteParticipants'>>;
  /** Make admins of a group members. Needs the scope `messages:send`. */
  readonly demote: (
    session: string,
    id: string,
    request: Body<'demoteParticipants'>,
    options?: Options<'demoteParticipants'>,
  ) => Promise<Result<'demoteParticipants'>>;
};

export type ProfileMethods = {
  /** The account's own profile. Needs the scope `messages:read`. */
  readonly get: (session: string, options?: Options<'getProfile'>) => Promise<Result<'getProfile'>>;
  /** Set the account's name. Needs the scope `messages:send`. */
  readonly setName: (
    session: string,
    request: Body<'setProfileName'>,
    options?: Options<'setProfileName'>,
  ) => Promise<Result<'setProfileName'>>;
  /** Set the account's about text. Needs the scope `messages:send`. */
  readonly setStatus: (
    session: string,
    request: Body<'setProfileStatus'>,
    options?: Options<'setProfileStatus'>,
  ) => Promise<Result<'setProfileStatus'>>;
  /**
   * Set the account's picture. Needs the scope `messages:send`.
   *
   * JPEG, PNG or WebP; it is cut to a square.
   */
  readonly setPicture: (
    session: string,
    request: Body<'setProfilePicture'>,
    options?: Options<'setProfilePicture'>,
  ) => Promise<Result<'setProfilePicture'>>;
  /** Take the account's picture away. Needs the scope `messages:send`. */
  readonly deletePicture: (
    session: string,
    options?: Options<'deleteProfilePicture'>,
  ) => Promise<Result<'deleteProfilePicture'>>;
};

export type PresenceMethods = {
  /**
   * Show the account as online or offline, or as typing or recording in a chat. Needs the scope
   * `messages:send`.
   */
  readonly set: (
    session: string,
    request: Body<'setPresence'>,
    options?: Options<'setPresence'>,
  ) => Promise<Result<'setPresence'>>;
  /** Presence in all followed chats. Needs the scope `messages:read`. */
  readonly list: (session: string, options?: Options<'getPresences'>) => Promise<Result<'getPresences'>>;
  /**
   * Presence in a chat; it is followed from then on. Needs the scope `messages:read`.
   *
   * Waits up to 3 s for WhatsApp to report it. Without `presences`, WhatsApp reports nothing: it reports only
   * to accounts that are online themselves, and only what people let them see.
   */
  readonly get: (
    session: string,
    chatId: string,
    options?: Options<'getPresence'>,
  ) => Promise<Result<'getPresence'>>;
  /**
   * Follow the presence in a chat. Needs the scope `messages:send`.
   *
   * Changes come as `presence.update`, until the session stops. Follow few chats: WhatsApp watches how many
   * an account asks for.
   */
  readonly subscribe: (
    session: string,
    chatId: string,
    options?: Options<'subscribePresence'>,
  ) => Promise<Result<'subscribePresence'>>;
};

export type CallsMethods = {
  /**
   * Reject a call that rings. Needs the scope `messages:send`.
   *
   * `id` and `from` as in the event `call.received`.
   */
  readonly reject: (
    session: string,
    request: Body<'rejectCall'>,
    options?: Options<'rejectCall'>,
  ) => Promise<Result<'rejectCall'>>;
};

export type LabelsMethods = {
  /** Labels of a business account. Needs the scope `messages:read`. */
  readonly list: (session: string, options?: Options<'getLabels'>) => Promise<Result<'getLabels'>>;
  /** Labels of a chat. Needs the scope `messages:read`. */
  readonly ofChat: (
    session: string,
    chatId: string,
    options?: Options<'getChatLabels'>,
  ) => Promise<Result<'getChatLabels'>>;
  /** Give a chat these labels and no others. Needs the scope `messages:send`. */
  readonly setOfChat: (
    session: string,
    chatId: string,
    request: Body<'setChatLabels'>,
    options?: Options<'setChatLabels'>,
  ) => Promise<Result<'setChatLabels'>>;
  /** Chats that have a label. Needs the scope `messages:read`. */
  readonly chats: (
    session: string,
    labelId: string,
    options?: Options<'getLabelChats'>,
  ) => Promise<Result<'getLabelChats'>>;
};

export type ChannelsMethods = {
  /** Channels that the account owns or follows. Needs the scope `messages:read`. */
  readonly list: (session: string, options?: Options<'getChannels'>) => Promise<Result<'getChannels'>>;
  /** Make a channel. Needs the scope `messages:send`. */
  readonly create: (
    session: string,
    request: Body<'createChannel'>,
    options?: Options<'createChannel'>,
  ) => Promise<Result<'createChannel'>>;
  /** One channel, by its id or the code of its invitation. Needs the scope `messages:read`. */
  readonly get: (
    session: string,
    id: string,
    options?: Options<'getChannel'>,
  ) => Promise<Result<'getChannel'>>;
  /** Delete a channel that the account owns. Needs the scope `messages:send`. */
  readonly delete: (
    session: string,
    id: string,
    options?: Options<'deleteChannel'>,
  ) => Promise<Result<'deleteChannel'>>;
  /**
   * The newest posts of a channel. Needs the scope `messages:read`.
   *
   * As far as WhatsApp Web has them: of a channel that is not followed, there may be none.
   */
  readonly preview: (
    session: string,
    id: string,
    options?: Options<'previewChannel'>,
  ) => Promise<Result<'previewChannel'>>;
  /** Follow a channel. Needs the scope `messages:send`. */
  readonly follow: (
    session: string,
    id: string,
    options?: Options<'followChannel'>,
  ) => Promise<Result<'followChannel'>>;
  /** Follow a channel no longer. Needs the scope `messages:send`. */
  readonly unfollow: (
    session: string,
    id: string,
    options?: Options<'unfollowChannel'>,
  ) => Promise<Result<'unfollowChannel'>>;
  /** Mute a channel. Needs the scope `messages:send`. */
  readonly mute: (
    session: string,
    id: string,
    options?: Options<'muteChannel'>,
  ) => Promise<Result<'muteChannel'>>;
  /** Unmute a channel. Needs the scope `messages:send`. */
  readonly unmute: (
    session: string,
    id: string,
    options?: Options<'unmuteChannel'>,
  ) => Promise<Result<'unmuteChannel'>>;
  /**
   * Channels of a list of WhatsApp: recommended, trending, popular, new. Needs the scope `messages:read`.
   *
   * One page: the engine has no cursor. `categories` change nothing.
   */
  readonly findByView: (
    session: string,
    request?: Body<'findChannelsByView'>,
    options?: Options<'findChannelsByView'>,
  ) => Promise<Result<'findChannelsByView'>>;
  /**
   * Channels by words in their names. Needs the scope `messages:read`.
   *
   * One page: the engine has no cursor. `categories` change nothing.
   */
  readonly findByText: (
    session: string,
    request: Body<'findChannelsByText'>,
    options?: Options<'findChannelsByText'>,
  ) => Promise<Result<'findChannelsByText'>>;
};

export type CommandsMethods = {
  /**
   * The result of a command that was answered 202. Needs the scope `messages:send`.
   *
   * With `wait` it responds when the command has ended, or with its current state after that many seconds.
   */
  readonly get: (id: string, options?: Options<'getCommand'>) => Promise<Result<'getCommand'>>;
};

export type EventsMethods = {
  /**
   * Get a ticket for one WebSocket connection with live events.
   *
   * Connect to `url` (`connectLive`) with the query parameters `ticket` and `after` (the cursor). Nothing
   * that happens after this response is missed. A page needs a ticket, because it has no key; a program may
   * connect with its key.
   */
  readonly ticket: (options?: Options<'createLiveTicket'>) => Promise<Result<'createLiveTicket'>>;
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
   * whole policy again, and stays listed until it is delivered. A repeated call sends nothing twice. For a
   * user whose deliveries at once are all under way: 429, scope `deliveries`.
   */
  readonly redrive: (
    request?: Body<'redriveDeadLetters'>,
    options?: Options<'redriveDeadLetters'>,
  ) => Promise<Result<'redriveDeadLetters'>>;
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

export type StandbyMethods = {
  /**
   * Standby tasks, and how many are kept ready. Admins only.
   *
   * A standby task has its browser launched and waits. A session that starts takes one, so that its QR code
   * does not wait for a task to start. Standby tasks hold no slot.
   */
  readonly get: (options?: Options<'getStandby'>) => Promise<Result<'getStandby'>>;
  /**
   * Change how many standby tasks are kept ready. Admins only.
   *
   * Replaces the plan of the environment until `target` is set to null. The next sweep, within a minute,
   * launches or stops tasks. A target above `max` or above the global limit is refused.
   */
  readonly set: (
    request: Body<'setStandby'>,
    options?: Options<'setStandby'>,
  ) => Promise<Result<'setStandby'>>;
};

export type RolloutMethods = {
  /**
   * Move running sessions to the newest version of the worker, in waves. Admins only.
   *
   * Sessions with the restart policy `always` (the default with `keepAlive`) stop, save their account and
   * start again on their slot. The next wave begins once all of a wave have worked for `pauseSeconds`; one
   * that does not work again stops the rollout. All other sessions keep their version until they end. Each
   * step is made by a sweep (every minute). 409 while a rollout runs.
   */
  readonly start: (
    request?: Body<'startRollout'>,
    options?: Options<'startRollout'>,
  ) => Promise<Result<'startRollout'>>;
  /** The rollout that runs, or the last one. Admins only. */
  readonly get: (options?: Options<'getRollout'>) => Promise<Result<'getRollout'>>;
  /**
   * Cancel the rollout that runs. Admins only.
   *
   * No further session is moved. The present wave starts again by itself. A rollout that has ended stays as
   * it is.
   */
  readonly cancel: (options?: Options<'cancelRollout'>) => Promise<Result<'cancelRollout'>>;
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
  /** Create an API key. Admins only. */
  readonly create: (
    request?: Body<'createKey'>,
    options?: Options<'createKey'>,
  ) => Promise<Result<'createKey'>>;
  /** List API keys. Admins only. */
  readonly list: (options?: Options<'listKeys'>) => Promise<Result<'listKeys'>>;
  /** Make an API key that starts, stops and links one session. Admins only. */
  readonly createControl: (
    request: Body<'createControlKey'>,
    options?: Options<'createControlKey'>,
  ) => Promise<Result<'createControlKey'>>;
  /** Make an API key that reads messages and files of one session. Admins only. */
  readonly createMedia: (
    request: Body<'createMediaKey'>,
    options?: Options<'createMediaKey'>,
  ) => Promise<Result<'createMediaKey'>>;
  /**
   * Change what an API key may do, or make it inactive. Admins only.
   *
   * Omitted fields stay; `null` takes a restriction away. The key itself stays the same. Both Berth’s words
   * and WAHA’s are taken; if both are given, Berth’s count.
   */
  readonly update: (
    id: string,
    request?: Body<'updateKey'>,
    options?: Options<'updateKey'>,
  ) => Promise<Result<'updateKey'>>;
  /** Revoke an API key, at once. Admins only. */
  readonly delete: (id: string, options?: Options<'deleteKey'>) => Promise<Result<'deleteKey'>>;
};

export type ServerMethods = {
  /** The environment of the server, without settings and secrets. */
  readonly environment: (
    options?: Options<'getServerEnvironment'>,
  ) => Promise<Result<'getServerEnvironment'>>;
  /**
   * Since when it answers, in ms.
   *
   * Of the instance that answered: there is no single server.
   */
  readonly status: (options?: Options<'getServerStatus'>) => Promise<Result<'getServerStatus'>>;
  /** Version and engine. */
  readonly version: (options?: Options<'getServerVersion'>) => Promise<Result<'getServerVersion'>>;
};

export type ClientMethods = {
  /**
   * Prevent starts and end all sessions, before an environment is removed. Admins only.
   *
   * Sets the global limit to 0 and stops running sessions, up to 200 per call. Repeat it until it returns
   * `drained`. Accounts stay linked. To allow starts again, set the global limit (`PUT /api/limits`).
   */
  readonly drain: (request?: Body<'drain'>, options?: Options<'drain'>) => Promise<Result<'drain'>>;
  /**
   * Slots in use, and the last 24 hours. Needs the scope `sessions:read`.
   *
   * A user's own sessions. An admin without `userId` gets those of all users, per user, and the last day.
   */
  readonly stats: (options?: Options<'getStats'>) => Promise<Result<'getStats'>>;
  /**
   * Metrics in the text format of Prometheus. Needs the scope `metrics`.
   *
   * The statistics of all users as gauges. Labels are bounded: no session and no user is named. For keys of
   * admins, and for any key with the scope `metrics`. Prometheus sends the key with `http_headers` of its
   * scrape configuration.
   */
  readonly metrics: (options?: Options<'getMetrics'>) => Promise<Result<'getMetrics'>>;
  /** Responds while the API is up. */
  readonly ping: (options?: Options<'ping'>) => Promise<Result<'ping'>>;
  /** Your user, and the permissions of your key. */
  readonly me: (options?: Options<'getCaller'>) => Promise<Result<'getCaller'>>;
  /**
   * Slots in use over time. Admins only.
   *
   * One sample per minute, kept for two days. Above 288 samples, adjacent ones are merged into one point.
   */
  readonly statsHistory: (options?: Options<'getHistory'>) => Promise<Result<'getHistory'>>;
  /** Sign out of the dashboard. */
  readonly signOut: (options?: Options<'signOut'>) => Promise<Result<'signOut'>>;
  readonly sessions: SessionsMethods;
  readonly erasures: ErasuresMethods;
  readonly auth: AuthMethods;
  readonly messages: MessagesMethods;
  readonly chats: ChatsMethods;
  readonly status: StatusMethods;
  readonly contacts: ContactsMethods;
  readonly lids: LidsMethods;
  readonly groups: GroupsMethods;
  readonly profile: ProfileMethods;
  readonly presence: PresenceMethods;
  readonly calls: CallsMethods;
  readonly labels: LabelsMethods;
  readonly channels: ChannelsMethods;
  readonly commands: CommandsMethods;
  readonly events: EventsMethods;
  readonly webhooks: WebhooksMethods;
  readonly limits: LimitsMethods;
  readonly standby: StandbyMethods;
  readonly rollout: RolloutMethods;
  readonly engine: EngineMethods;
  readonly keys: KeysMethods;
  readonly server: ServerMethods;
};
