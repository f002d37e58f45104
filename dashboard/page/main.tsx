import './zod-without-eval.ts';
import { render } from 'preact';
import { App } from './app.tsx';
import { startClock } from './state/clock.ts';
import { startIdentity } from './state/identity.ts';
import { startLive } from './state/live.ts';
import { startRouting } from './state/route.ts';
import { startTheme } from './state/theme.ts';

startTheme();
startRouting();
startClock();
startIdentity();
startLive();

const root = document.getElementById('app');
if (root) render(<App />, root);
