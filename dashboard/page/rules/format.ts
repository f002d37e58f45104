/** Times, sizes and names as the page writes them. All pure; times in ms. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (n: number): string => String(n).padStart(2, '0');

/** A countdown: `1:04:09`, `4:09`, `0:00` once it has ended. */
export const countdown = (ms: number): string => {
  const seconds = Math.max(0, Math.ceil(ms / SECOND));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};

/** A rough length: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. */
export const span = (ms: number): string => {
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / SECOND))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return joined(Math.floor(ms / HOUR), 'h', Math.floor((ms % HOUR) / MINUTE), 'min');
  return joined(Math.floor(ms / DAY), 'd', Math.floor((ms % DAY) / HOUR), 'h');
};

const joined = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;

/** A length with a fraction if it is short: `0.8 s`, `12 s`, `1 min 20 s`. */
export const precise = (ms: number): string => {
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`;
  return joined(Math.floor(ms / MINUTE), 'min', Math.round((ms % MINUTE) / SECOND), 's');
};

/** `12.4 MB`, in powers of ten as storage is billed. */
export const bytes = (n: number): string => {
  if (n < 1000) return `${n} B`;
  const units = ['kB', 'MB', 'GB'];
  const power = Math.min(units.length, Math.floor(Math.log10(n) / 3));
  return `${(n / 1000 ** power).toFixed(1)} ${units[power - 1]}`;
};

export const count = (n: number): string => n.toLocaleString('en');

const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** Today the time, else with the day: `14:05:09`, `3 Mar 14:05:09`. */
export const moment = (at: number, now: number): string => {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  return sameDay ? clockTime.format(at) : `${day.format(at)} ${clockTime.format(at)}`;
};

/** `491701234567@c.us` → `+491701234567`; other ids as they are. */
export const phoneNumber = (id: string): string => {
  const [, digits] = /^(\d+)@c\.us$/.exec(id) ?? [];
  return digits === undefined ? id : `+${digits}`;
};

/** `1 session`, `3 sessions` */
export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;
