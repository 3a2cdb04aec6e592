// Filters over all predictions. Without scripts the pages by number list the same.
const form = document.querySelector("[data-filter]");
const list = document.getElementById("reports");
const pages = document.querySelector("nav.pages");
const found = form.querySelector(".found");
const MOST = 200;
const served = [...list.children];
let rows = null;

const element = (name, className, text) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

const item = (report) => {
  const article = element("article", "brief");
  const kicker = element("p", "kicker");
  kicker.append(element("bdi", "", report.label), " ");
  const level = `confidence ${report.confidence.toLowerCase()}`;
  kicker.append(element("span", level, `${report.confidence} confidence`));
  const heading = element("h2");
  const link = element("a");
  link.href = form.dataset.root + report.path;
  link.append(element("bdi", "", report.headline));
  heading.append(link);
  const events = `${report.claims} event${report.claims === 1 ? "" : "s"}`;
  const facts = [events, report.date, report.section, report.forecaster, report.status];
  if (report.status === "open") facts.push(`first due ${report.due}`);
  article.append(kicker, heading, element("p", "facts", facts.join(" · ")));
  return article;
};

const load = async () => {
  if (rows) return rows;
  const answer = await fetch(form.dataset.filter);
  if (!answer.ok) throw new Error(answer.statusText);
  const table = await answer.json();
  rows = table.rows.map((row) =>
    Object.fromEntries(table.columns.map((name, place) => [name, row[place]])),
  );
  return rows;
};

const show = async () => {
  const wanted = Object.fromEntries(new FormData(form));
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(wanted)) {
    if (value && value !== "newest") address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  history.replaceState(null, "", address);
  const names = ["section", "status", "confidence", "forecaster"].filter((name) => wanted[name]);
  if (!names.length && wanted.order === "newest") {
    list.replaceChildren(...served);
    if (pages) pages.hidden = false;
    found.textContent = "";
    return;
  }
  try {
    const all = (await load()).filter((row) => wanted.forecaster || row.leading);
    let matching = all.filter((row) => names.every((name) => row[name] === wanted[name]));
    if (wanted.order === "due") {
      matching = matching.filter((row) => row.status === "open");
      matching.sort((a, b) => a.due.localeCompare(b.due));
    }
    list.replaceChildren(...matching.slice(0, MOST).map(item));
    if (pages) pages.hidden = true;
    const shown = matching.length > MOST ? `, the first ${MOST} shown` : "";
    found.textContent = `${matching.length} of ${all.length} predictions${shown}`;
  } catch {
    found.textContent = "The list of all predictions could not be loaded. Try again later.";
  }
};

form.hidden = false;
const asked = new URLSearchParams(location.search);
for (const select of form.querySelectorAll("select")) {
  const value = asked.get(select.name);
  if (value && [...select.options].some((option) => option.value === value)) select.value = value;
  select.addEventListener("change", show);
}
if ([...asked.keys()].length) show();
