// Jobs as a table on the clipboard: for a spreadsheet, a mail, a text.
//
//   jobTable(jobs, now)     → { text, html }: lines with tabs, and a table
//   giveTable(event, table) to a copy event
//   copyTable(table)        → Promise<bool>, whatever the origin

import { seconds } from "./board_columns.js";
import { element } from "./parts.js";

const percent = (part) => (part === null ? "" : `${Math.round(100 * part)} %`);
const isoTime = (ms) => (ms === null ? "" : new Date(ms).toISOString().replace(".000Z", "Z"));
const rounded = (number) => (number === null ? "" : String(Number(number.toFixed(3))));
const FACTS = [
  ["id", (job) => job.id],
  ["status", (job) => job.words],
  ["kind", (job) => job.kind],
  ["progress", (job) => job.steps || percent(job.progress)],
  ["started", (job) => isoTime(job.started_at)],
  ["took (s)", (job, now) => rounded(seconds(job, now))],
  ["owner", (job) => job.owner],
  ["contact", (job) => job.trouble],
  ["last message", (job) => job.preview],
];

export function jobTable(jobs, now) {
  const heads = FACTS.map(([head]) => head);
  const rows = jobs.map((job) => FACTS.map(([, fact]) => fact(job, now).replace(/\s+/g, " ")));
  const table = document.createElement("table");
  for (const cells of [heads, ...rows]) {
    const row = element("tr", "", table);
    for (const cell of cells) element(cells === heads ? "th" : "td", "", row, cell);
  }
  return { text: [heads, ...rows].map((cells) => cells.join("\t")).join("\n"), html: table.outerHTML };
}

export function giveTable(event, { text, html }) {
  event.clipboardData.setData("text/plain", text);
  event.clipboardData.setData("text/html", html);
  event.preventDefault();
}

export async function copyTable(table) {
  const blob = (text, type) => new Blob([text], { type });
  try {
    const item = new ClipboardItem({
      "text/plain": blob(table.text, "text/plain"),
      "text/html": blob(table.html, "text/html"),
    });
    await navigator.clipboard.write([item]); // there on secure origins only
    return true;
  } catch {
    return copyByEvent(table);
  }
}

function copyByEvent(table) {
  let isGiven = false;
  const give = (event) => {
    event.stopImmediatePropagation();
    giveTable(event, table);
    isGiven = true;
  };
  document.addEventListener("copy", give, true);
  const isDone = document.execCommand("copy");
  document.removeEventListener("copy", give, true);
  return isDone && isGiven;
}
