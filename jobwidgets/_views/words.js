// What is said in words and numbers, the same in every view.
//
//   counted(number, noun)          "1,000"; "1 job", "1,000 jobs"
//   clock(seconds), span(seconds)  "1:01:15"; "42 s", "12 min", "3 h 05 min"
//   timeOfDay(ms), moment(ms)      the reader's clock; that and UTC, for a title
//   shortened(id)                  as much of an id as a line has room for
//   contactWords(head, now)        a sentence on the contact; "" when all is said
//   listingWords(contact, now)     the same on the list of a jobs resource

const grouped = new Intl.NumberFormat("en-US"); // toLocaleString makes one at each call

/** A number as it is read, and what there is so many of. */
export function counted(number, noun = "") {
  const words = grouped.format(number);
  return noun ? `${words} ${noun}${number === 1 ? "" : "s"}` : words;
}

const two = (number) => String(number).padStart(2, "0");

/** 75 -> "1:15", 3675 -> "1:01:15". */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A time in words: "42 s", "12 min", "3 h 05 min", "2 d 4 h". */
export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return hours ? `${hours} h ${two(minutes % 60)} min` : `${minutes} min`;
}

/** The time of day in the reader's zone. */
export function timeOfDay(milliseconds) {
  const time = new Date(milliseconds);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
}

/** A point in time in the reader's zone, and in UTC. */
export function moment(milliseconds) {
  const utc = new Date(milliseconds).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");
  return `${timeOfDay(milliseconds)} here, ${utc}`;
}

/** As much of an id as a line has room for: its two ends tell ids apart. */
export function shortened(id) {
  return id.length > 14 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}

const QUIET = 10; // s without news before the view says so

const reason = ({ error }) => (error ? ` (${error.replace(/\.$/, "")})` : "");

function silence(contact, now) {
  const { heard, next } = contact;
  const since = heard ? `No answer for ${span((now - heard) / 1000)}` : "No answer yet";
  const left = Math.ceil((next - now) / 1000);
  const again = left > 0 ? `Trying again in ${span(left)}.` : "Trying again now.";
  return `${since}${reason(contact)}. ${again}`;
}

/** What is to be said of the contact with the server, apart from how the job is doing. */
export function contactWords({ contact, changed, ended }, now) {
  if (ended) return "";
  const still = (now - changed) / 1000;
  switch (contact.state) {
    case "connecting":
      return "Asking the server…";
    case "in touch":
      return still < QUIET ? "in touch" : `in touch · unchanged for ${span(still)}`;
    case "retrying":
      return `${silence(contact, now)} The job itself may be fine.`;
    case "unauthorised":
      return `The server wants a new token${reason(contact)}. Set job.token to go on; the job itself may be fine.`;
    case "lost":
      return `Not watched any more${reason(contact)}.`;
    default:
      return "Not watched. The job itself goes on.";
  }
}

/** What is to be said of the list of a jobs resource. */
export function listingWords(contact, now) {
  switch (contact.state) {
    case "connecting":
      return "Asking for the list of jobs…";
    case "in touch":
      return "New jobs appear by themselves.";
    case "retrying":
      return silence(contact, now);
    case "unauthorised":
      return `The server wants a new token${reason(contact)}. Set jobs.token to go on.`;
    case "lost":
      return `No list of jobs${reason(contact)}.`;
    default:
      return "The list of jobs is not watched.";
  }
}
