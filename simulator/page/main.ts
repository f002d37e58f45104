import { App } from './app.ts';
import { BUILD } from './build.ts';
import { Addons } from './modules/addons.ts';
import { defineChannelActions } from './modules/channel-actions.ts';
import { Channels } from './modules/channels.ts';
import { defineChatActions } from './modules/chat-actions.ts';
import { defineChats } from './modules/chats.ts';
import { Dialogs } from './modules/dialogs.ts';
import { defineGroupActions } from './modules/group-actions.ts';
import { defineGroups } from './modules/groups.ts';
import { defineMedia } from './modules/media.ts';
import { defineMessageChanges } from './modules/message-changes.ts';
import { defineMessages } from './modules/messages.ts';
import { defineMoved } from './modules/moved.ts';
import { definePeople } from './modules/people.ts';
import { defineRegistration } from './modules/registration.ts';
import { defineSocket } from './modules/socket.ts';
import { ownModule, requireModule } from './registry.ts';
import { Session } from './session.ts';

declare global {
  interface Window {
    Debug: { VERSION: string };
    require: (name: string) => unknown;
  }
}

const app = new App();
const platform = (): string => {
  const { info } = ownModule('WAWebMiscBrowserUtils') as { info: () => { name: string; os: string } };
  return `${info().name} (${info().os})`;
};
const channels = new Channels(app);
const session = new Session(app, platform, new Addons(app), new Dialogs(app), channels);

defineSocket(app, session);
defineRegistration(app);
defineMessages(app);
defineMessageChanges(app);
defineChats(app);
defineMedia(app);
defineGroups(app);
defineChatActions(app);
definePeople(app);
defineGroupActions(app);
defineMoved(app);
defineChannelActions(app, channels);
window.require = requireModule;
// The library waits for this before anything else.
window.Debug = { VERSION: BUILD.version };

app.socket.on('change:state', (_socket, state) => {
  const output = document.getElementById('state');
  if (output) output.textContent = String(state);
});
void session.run();
