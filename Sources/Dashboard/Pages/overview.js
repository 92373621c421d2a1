import { $, h, fill, shown, number, duration, time, note } from "./dom.js";
import { get } from "./api.js";
import { live, rate } from "./live.js";
import { chart, push } from "./charts.js";
import { films, fields, lacking } from "./films.js";

const kinds = ["view", "like", "review"];
let before = null;
let isDrawn = false;
const perSecond = (value) => (value === null ? "–" : `${number(Math.round(value * 10) / 10)} /s`);

function show(frame) {
  const events = kinds.map((kind) => rate(before, frame, (one) => one.figures.events[kind] ?? 0));
  const all = events[0] === null ? null : events.reduce((sum, one) => sum + one, 0);
  $("events").textContent = perSecond(all);
  $("lag").textContent = frame.freshness.event_lag === null ? "not known" : number(frame.freshness.event_lag);
  $("fresh").textContent = duration(frame.freshness.event_to_visible_seconds.p99);
  $("requests").textContent = perSecond(rate(before, frame, (one) => one.figures.requests.answered));
  $("latency").textContent = duration(frame.figures.requests.p99);
  $("failed").textContent = perSecond(rate(before, frame, (one) => one.figures.requests.failed));
  if (isDrawn && all !== null) push($("flow"), new Date(frame.at).toLocaleTimeString("en-GB"), events);
  health(frame);
  if (before && before.figures.model !== frame.figures.model) model();
  before = frame;
}

function health(frame) {
  const said = JSON.stringify(frame.degraded);
  if ($("health").dataset.said === said) return;
  $("health").dataset.said = said;
  fill($("health"), frame.degraded.length === 0
    ? note("Everything works.", "good")
    : frame.degraded.map((one) => note(`${one.part}: ${one.reason}.`, "bad", "Lists go on without it; docs/serving.md says how.")));
}

const model = () => shown($("model"), async () => {
  const { in_service: id, models } = await get("/v1/models");
  const one = models.find((each) => each.id === id);
  if (!one) return fill($("model"), note("No model is in service.", "", "`marquee train` makes one."));
  const score = one.ndcg_at_10;
  fill($("model"),
    h("p", {}, h("a", { href: `/models/${encodeURIComponent(id)}` }, id), ", trained ", time(one.trained_at), "."),
    h("p", {}, `${number(one.events)} events, ${number(one.users)} users, ${number(one.items)} films, rank ${one.rank}.`),
    score ? h("p", {}, `NDCG@10 ${score.value.toFixed(3)}`, score.low === null || score.low === undefined ? ", no interval." : ` (${score.low.toFixed(3)} to ${score.high.toFixed(3)}).`) : null,
    h("p", { class: "soft" }, one.verdict_reason ?? ""));
});

model();
shown($("popular"), async () => {
  const answer = await get("/v1/items/popular", { n: 5, fields });
  fill($("popular"), lacking(answer), answer.items.length ? films(answer.items, { score: false }) : note("No film is known yet.", "", "Import a catalogue: `marquee import`."));
});
// The figures come at once; the library that draws them a moment later.
live(show);
chart($("flow"), { kind: "line", labels: [], series: kinds.map((name) => ({ name, values: [] })), caption: "Events a second by kind", unit: "events/s", head: "Time" })
  .then(() => { isDrawn = true; });
