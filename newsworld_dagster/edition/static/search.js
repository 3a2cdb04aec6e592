// Search in the browser: documents come by week, the newest first, when the reader first types.
import MiniSearch from "./minisearch.js";

const form = document.querySelector("form[data-index]");
const input = form.querySelector("input[type=search]");
const found = form.querySelector(".found");
const results = form.querySelector(".results");
const older = form.querySelector(".older");
const AT_ONCE = 8;
const MOST = 60;
const engine = new MiniSearch({
  fields: ["title", "more"],
  storeFields: ["kind", "date", "title", "more", "path"],
  // Also at signs such as < or $, which the package takes as parts of words.
  tokenize: (text) => text.split(/[^\p{L}\p{N}\p{M}]+/u),
  searchOptions: { boost: { title: 2 }, prefix: true, combineWith: "AND", fuzzy: fuzziness },
});
let weeks = null;
let count = 0;
let last = 0;

function fuzziness(term) {
  return term.length > 5 ? 0.2 : false;
}

const fetched = async (path) => {
  const answer = await fetch(form.dataset.root + path);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
};

const more = async () => {
  if (!weeks) weeks = (await fetched("search/index.json")).weeks;
  const next = weeks.splice(0, AT_ONCE);
  for (const rows of await Promise.all(next.map((week) => fetched(week.path)))) {
    const documents = rows.map(([kind, date, title, more, path]) => ({
      id: count++,
      kind,
      date,
      title,
      more,
      path,
    }));
    engine.addAll(documents);
  }
  older.hidden = weeks.length === 0;
};

const line = (hit) => {
  const made = document.createElement("li");
  const kind = document.createElement("span");
  kind.className = "kicker";
  kind.textContent = hit.kind;
  const link = document.createElement("a");
  link.href = form.dataset.root + hit.path;
  const title = document.createElement("bdi");
  title.textContent = hit.title;
  link.append(title);
  const facts = document.createElement("span");
  facts.className = "facts";
  facts.textContent = hit.kind === "article" || hit.kind === "claim" ? `${hit.more} · ${hit.date}` : hit.date;
  made.append(kind, " ", link, " ", facts);
  return made;
};

const show = async () => {
  const turn = ++last;
  const words = input.value.trim();
  const address = new URL(location.href);
  if (words) address.searchParams.set("q", words);
  else address.searchParams.delete("q");
  history.replaceState(null, "", address);
  if (!words) {
    results.replaceChildren();
    found.textContent = "";
    return;
  }
  try {
    if (!weeks) {
      found.textContent = "Loading the index …";
      await more();
    }
  } catch {
    found.textContent = "The index could not be loaded. Go by day instead, or try again later.";
    return;
  }
  if (turn !== last) return;
  const kinds = new Set(new FormData(form).getAll("kind"));
  const hits = engine.search(words, { filter: (hit) => kinds.has(hit.kind) });
  results.replaceChildren(...hits.slice(0, MOST).map(line));
  const shown = hits.length > MOST ? `, the best ${MOST} shown` : "";
  found.textContent = `${hits.length || "Nothing"} found in ${count} documents${shown}`;
};

form.hidden = false;
for (const hint of document.querySelectorAll(".without")) hint.hidden = true;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});
let waiting;
input.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, 120);
});
for (const box of form.querySelectorAll("[name=kind]")) box.addEventListener("change", show);
older.addEventListener("click", async () => {
  await more();
  show();
});
const asked = new URLSearchParams(location.search).get("q");
if (asked) {
  input.value = asked;
  show();
}
