import { $, h, fill, shown, note } from "./dom.js";
import { get, latest } from "./api.js";
import { films, fields, lacking } from "./films.js";
import { spark } from "./charts.js";

let window_ = "24h";
// Of each film, the scores of the last minutes that this page has seen, and its rank before.
const seen = new Map();
let ranks = new Map();
const asks = { rising: latest(), most: latest(), newest: latest() };

function moved(item) {
  const scores = seen.get(item.id) ?? [];
  const rank = ranks.get(item.id);
  const word = rank === undefined ? (ranks.size ? "new here" : "") : rank > item.rank ? `up ${rank - item.rank}` : rank < item.rank ? `down ${item.rank - rank}` : "";
  return h("span", { class: "about" }, scores.length > 1 ? spark(scores, `score over the last ${scores.length} looks`) : null, ` ${word}`);
}

const filter = () => ($("genre").value ? { filter: "genre = $genre", params: JSON.stringify({ genre: $("genre").value }) } : {});

function list(place, target, parameters, how) {
  return shown($(place), () => asks[place](async (signal) => {
    const answer = await get(target, { n: 10, fields, ...filter(), ...parameters }, { signal });
    if (how) for (const item of answer.items) seen.set(item.id, [...(seen.get(item.id) ?? []), item.score].slice(-30));
    fill($(place), lacking(answer), answer.items.length ? films(answer.items, { after: how, score: Boolean(how) })
      : note("Nothing happened in this window.", "", "Take a longer one, or wait for events."));
    if (how) ranks = new Map(answer.items.map((item) => [item.id, item.rank]));
  }));
}

function all() {
  list("rising", "/v1/items/trending", { window: window_ }, moved);
  list("most", "/v1/items/popular", { window: window_ });
  list("newest", "/v1/items/latest", {});
}

$("windows").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  window_ = button.dataset.window;
  for (const one of $("windows").children) one.setAttribute("aria-pressed", String(one === button));
  seen.clear();
  ranks.clear();
  all();
});
$("genre").addEventListener("change", all);

// The genres of what people like: those of films that nobody watches would lead to empty lists.
get("/v1/items/popular", { n: 200, fields: "genres" }).then(({ items }) => {
  const genres = [...new Set(items.flatMap((item) => item.fields?.genres ?? []))].sort();
  $("genre").append(...genres.map((genre) => h("option", { value: genre }, genre)));
}, () => {});
all();
setInterval(() => { if (!document.hidden) list("rising", "/v1/items/trending", { window: window_ }, moved); }, 10000);
