// Times and numbers as they are read. What is said of a job is made in Python and comes as texts,
// clocks and sentences (_widgets/job_values.py); here the clocks run on.
//
//   ago(seconds), clock(seconds), duration(seconds), span(seconds), counted(number, noun)
//                                  as in _display/times.py
//   ticks(seconds)                 where a time axis has marks, as in _display/step_bars.py
//   moment(ms)                     the reader's clock and UTC, for a title
//   clockSeconds(clock, passed)    what a clock shows `passed` seconds after it came; null for none
//   clockText(clock, passed)       the same as it is read
//   isOver(clock, passed)          whether one that counts down has come to its end
//   sentenceText(sentence, passed) a sentence as it is read by then

const EXACT = 100; // s
const grouped = new Intl.NumberFormat("en-US"); // toLocaleString makes one at each call

export function counted(number, noun = "") {
  const words = grouped.format(number);
  return noun ? `${words} ${noun}${number === 1 ? "" : "s"}` : words;
}

const two = (number) => String(number).padStart(2, "0");

export function clock(seconds) {
  const whole = Math.max(0, Math.trunc(seconds));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export function duration(seconds) {
  const exact = seconds.toFixed(3);
  return Number(exact) < EXACT ? `${Number(exact)} s` : clock(Math.round(seconds));
}

export function span(seconds) {
  const whole = Math.max(0, Math.trunc(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return hours ? `${hours} h ${two(minutes % 60)} min` : `${minutes} min`;
}

export function ago(seconds) {
  const whole = Math.max(0, Math.trunc(seconds));
  if (whole < 3600) return `${span(whole)} ago`;
  const hours = Math.floor(whole / 3600);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} d ago`;
}

const TICKS = [
  1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200,
];

export function ticks(seconds) {
  const step = TICKS.find((tick) => 4 * tick >= seconds) ?? 86_400 * Math.ceil(seconds / 86_400 / 4);
  const marks = [];
  for (let tick = 0; tick < seconds && tick <= 0.92 * seconds; tick += step) marks.push(tick);
  return marks;
}

export function moment(milliseconds) {
  const time = new Date(milliseconds);
  const utc = time.toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");
  const here = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${here} here, ${utc}`;
}

const FORMS = { ago, clock, duration, span };

export function clockSeconds(given, passed) {
  if (!given) return null;
  const [, seconds, direction] = given;
  return Math.max(0, seconds + direction * passed);
}

export function clockText(given, passed) {
  if (!given) return "";
  const [form, , direction] = given;
  const seconds = clockSeconds(given, passed);
  return FORMS[form](direction < 0 ? Math.ceil(seconds) : seconds);
}

/** Whether a clock that counts down has come to its end; false for none. */
export const isOver = (given, passed) => clockSeconds(given, passed) === 0;

export function sentenceText({ parts, then, until }, passed) {
  const said = then && passed >= until ? then : parts;
  return said.map((part) => (typeof part === "string" ? part : clockText(part, passed))).join("");
}
