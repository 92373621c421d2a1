import { $, h, fill, shown, note, number, subject, settled, table, time } from "./dom.js";
import { get, latest, path, send } from "./api.js";
import { film, films, fields, lacking } from "./films.js";
import { chart, partsBar } from "./charts.js";

const id = subject();
const ask = latest();
$("title").textContent = `User ${id}`;
document.title = `User ${id} · Marquee`;

const words = { known: "The model knows this user.", folded_in: "New since the last training: known by events heard meanwhile.", new: "Nobody knows this user yet: this is the list of someone new." };

/** How much content counts, as the slider says; null leaves it to the model. */
let contentWeight = null;

/** The list's settings, as the API takes them. */
function settings() {
  return {
    diversity: $("diversity").value === "0" ? null : $("diversity").value,
    content_weight: contentWeight, exploration: $("exploration").value === "0" ? null : $("exploration").value,
    seed: $("exploration").value === "0" ? null : 1,
    exclude_seen: $("seen").value, filter: $("only").value.trim(),
  };
}

function list() {
  return shown($("list"), () => ask(async (signal) => {
    const answer = await get(path`/v1/users/${id}/recommendations`, { n: 12, fields, explain: "full", ...settings() }, { signal });
    $("state").textContent = words[answer.user_state] ?? "";
    fill($("list"), lacking(answer), answer.items.length ? films(answer.items, { act: like }) : note("No film is left.", "", "Take the filter away, or leave less out."));
  }));
}

/** A like sent from here goes the way of all events; the list is asked for again once it is visible. */
function like(item) {
  const button = h("button", {
    type: "button", class: "quiet", "aria-label": `Like ${item.fields?.title ?? item.id}`,
    click: async () => {
      button.disabled = true;
      try {
        await send("/v1/events?wait=visible", { event_id: crypto.randomUUID?.() ?? `page-${Date.now()}-${Math.random()}`, user_id: id, item_id: item.id, kind: "like", value: 1, at: new Date().toISOString() });
        await list();
        $("list").classList.add("changed");
        history();
      } catch (error) {
        button.replaceWith(note(error.message, "bad", error.advice));
      }
    },
  }, "Like");
  return button;
}

for (const name of ["diversity", "exploration"]) {
  $(name).addEventListener("input", () => { $(`${name}-value`).textContent = $(name).value; });
  $(name).addEventListener("input", settled(list, 120));
}
$("content").addEventListener("input", () => weigh($("content").value));
$("content").addEventListener("input", settled(list, 120));
$("content-model").addEventListener("click", () => { weigh(null); list(); });

function weigh(weight) {
  contentWeight = weight;
  $("content-value").textContent = weight ?? "the model's";
  $("content-model").disabled = weight === null;
  if (weight === null) $("content").value = "0.5";
}
$("seen").addEventListener("change", list);
$("only").addEventListener("input", settled(list, 400));

$("whynot").addEventListener("submit", (event) => {
  event.preventDefault();
  shown($("answer"), async () => {
    const item = $("whynot-id").value.trim();
    const [answer, why] = await Promise.all([
      get(path`/v1/users/${id}/items/${item}/why-not`, { n: 12, ...settings() }),
      get(path`/v1/users/${id}/items/${item}/explanation`, { n: 12, ...settings() }).catch(() => null),
    ]);
    fill($("answer"), note(answer.detail, answer.verdict === "listed" ? "good" : ""),
      h("p", { class: "soft" }, `Score ${number(answer.score)}${answer.score_needed === null ? "" : `; the list begins at ${number(answer.score_needed)}`}.`),
      why?.parts?.length ? [partsBar(why.parts.map((one) => ({ name: one.name ?? one.source, part: one.part }))), table("What its score is made of", ["Source", "Part"], why.parts.map((one) => [one.text ?? one.name ?? one.source, one.part.toFixed(4)]), [1])] : null);
  });
});

/** What they did, and from it what they like: genres and decades of films they liked, rated high or watched on. */
function history() {
  return shown($("history"), async () => {
    const { events } = await get(path`/v1/users/${id}/events`, { n: 200 });
    if (!events.length) {
      fill($("history"), note("Nothing is known of this user."));
      for (const place of ["genres", "decades"]) fill($(place), h("p", { class: "soft" }, "Known once there are events."));
      return;
    }
    const known = await about([...new Set(events.map((event) => event.item_id))]);
    fill($("history"), table(`The newest ${events.length} events`, ["Film", "What", "When"],
      events.slice(0, 30).map((event) => [film(event.item_id, known.get(event.item_id)), said(event), time(event.at)])));
    const genres = new Map();
    const decades = new Map();
    for (const event of events) {
      const weight = event.kind === "review" ? event.value - 2.5 : event.value;
      const item = known.get(event.item_id);
      for (const genre of item?.genres ?? []) genres.set(genre, (genres.get(genre) ?? 0) + weight);
      if (item?.year) decades.set(Math.floor(item.year / 10) * 10, (decades.get(Math.floor(item.year / 10) * 10) ?? 0) + weight);
    }
    const top = [...genres].sort((a, b) => b[1] - a[1]).slice(0, 10);
    chart($("genres"), { labels: top.map(([name]) => name), series: [{ name: "liking", values: top.map(([, value]) => value) }], caption: "Liking by genre: shares watched, likes, stars above 2.5", across: true, head: "Genre" });
    const years = [...decades].sort((a, b) => a[0] - b[0]);
    chart($("decades"), { labels: years.map(([year]) => `${year}s`), series: [{ name: "liking", values: years.map(([, value]) => value) }], caption: "Liking by decade", head: "Decade" });
  });
}

async function about(ids) {
  const known = new Map();
  await Promise.all(ids.slice(0, 100).map(async (item) => { try { known.set(item, await get(path`/v1/items/${item}`)); } catch { /* gone from the catalogue */ } }));
  return known;
}

function said(event) {
  if (event.kind === "review") return `rated ${event.value} stars`;
  if (event.kind === "like") return event.value > 0 ? "liked" : "disliked";
  return `watched ${Math.round(event.value * 100)} %`;
}

list();
history();
shown($("similar"), async () => {
  const { users } = await get(path`/v1/users/${id}/similar`, { n: 10 });
  fill($("similar"), users.length ? table("Users of the same taste", ["User", "Similarity"],
    users.map((one) => [h("a", { href: path`/users/${one.id}` }, one.id), one.score.toFixed(3)]), [1]) : note("Nobody is known to be similar."));
});
