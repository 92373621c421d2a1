import { $, h, fill, shown, note, settled, number } from "./dom.js";
import { get, latest } from "./api.js";
import { films, fields, count } from "./films.js";

const chosen = { genre: new Set(), language: new Set(), decade: new Set() };
const ask = latest();
let items = [];
let cursor = null;

/** The filter of the box and of the facets together, with the facets' values bound and not pasted. */
function filter() {
  const parts = [];
  const params = {};
  if ($("filter").value.trim()) parts.push(`(${$("filter").value.trim()})`);
  for (const [field, values] of Object.entries(chosen)) {
    if (!values.size) continue;
    parts.push(`(${[...values].map((value, i) => {
      if (field === "decade") return `(year >= ${Number(value)} and year < ${Number(value) + 10})`;
      params[`${field}${i}`] = value;
      return `${field} = $${field}${i}`;
    }).join(" or ")})`);
  }
  return parts.length ? { filter: parts.join(" and "), params: Object.keys(params).length ? JSON.stringify(params) : null } : {};
}

function search(more = false) {
  shown($("list"), () => ask(async (signal) => {
    const q = $("q").value.trim();
    const parameters = { n: 20, cursor: more ? cursor : null, ...filter() };
    const answer = q ? await get("/v1/search", { q, fields, ...parameters }, { signal }) : await get("/v1/items", { fields, ...parameters }, { signal });
    const found = answer.items.map((item, i) => ({ rank: (more ? items.length : 0) + i + 1, fields: item.fields ?? item, score: item.score, id: item.id }));
    items = more ? [...items, ...found] : found;
    cursor = answer.next_cursor ?? null;
    $("found").textContent = count(answer.total, "film");
    fill($("list"), items.length ? films(items, { score: Boolean(q) }) : note("No film is like that.", "", "Take away a word or a filter."));
    $("more").hidden = !cursor;
    if (q) facets(answer.facets);
    else fill($("facets"), h("p", { class: "soft" }, "Search for a word, and genres, languages and decades of what was found stand here."));
  }));
}

function facets(groups) {
  fill($("facets"), Object.entries(groups).filter(([, values]) => values.length).map(([field, values]) => [
    h("h3", {}, field),
    h("div", { class: "choices" }, values.slice(0, 14).map((one) => h("button", {
      type: "button", "aria-pressed": String(chosen[field].has(one.value)),
      click: () => {
        if (!chosen[field].delete(one.value)) chosen[field].add(one.value);
        search();
      },
    }, `${field === "decade" ? `${one.value}s` : one.value} ${number(one.count)}`))),
  ]));
}

const soon = settled(() => search());
$("q").addEventListener("input", soon);
$("filter").addEventListener("input", settled(() => search(), 400));
$("more").addEventListener("click", () => search(true));
search();
