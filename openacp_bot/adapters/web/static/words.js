// Times and marks in words, in the browser's zone.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const year = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

/** How many nights lie between then and now. */
function nightsSince(date, now) {
  return Math.round((midnight(now) - midnight(date)) / 86400000);
}

/** Today, Yesterday or Older. */
export function dayGroup(seconds, now = new Date()) {
  const nights = nightsSince(new Date(seconds * 1000), now);
  if (nights <= 0) return "Today";
  return nights === 1 ? "Yesterday" : "Older";
}

/** 14:02 today, the day before that. */
export function shortTime(seconds, now = new Date()) {
  const date = new Date(seconds * 1000);
  if (nightsSince(date, now) <= 0) return clock.format(date);
  return date.getFullYear() === now.getFullYear() ? day.format(date) : year.format(date);
}

/** The day, unless it is today, and the time. */
export function dayAndTime(seconds, now = new Date()) {
  const date = new Date(seconds * 1000);
  const time = clock.format(date);
  return nightsSince(date, now) <= 0 ? time : `${shortTime(seconds, now)}, ${time}`;
}

export function fullTime(seconds) {
  return full.format(new Date(seconds * 1000));
}

const SOURCES = { scheduled: "scheduled", trigger: "triggered", manual: "" };

/** Where a session comes from and lives, as far as that is worth a word on screen. */
export function origins(session) {
  const words = [SOURCES[session.source] ?? session.source];
  if (session.place !== "page") words.push(session.place);
  return words.filter(Boolean);
}

/** 950, 12k, 1.2M. */
export function amount(number) {
  if (number < 1000) return String(number);
  if (number < 1e6) return `${Math.round(number / 1000)}k`;
  return `${(number / 1e6).toFixed(1)}M`;
}
