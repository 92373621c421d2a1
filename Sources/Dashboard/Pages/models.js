import { $, h, fill, shown, note, number, table, time } from "./dom.js";
import { get, path, send } from "./api.js";
import { chart } from "./charts.js";

const to3 = (value) => (value === null || value === undefined ? "–" : value.toFixed(3));
const interval = (metric) => (metric ? `${to3(metric.value)}${metric.low === null || metric.low === undefined ? ", no interval" : ` (${to3(metric.low)} to ${to3(metric.high)})`}` : "not measured");

function all() {
  return shown($("all"), async () => {
    const { models, in_service: serving } = await get("/v1/models");
    if (!models.length) return fill($("all"), note("There is no model.", "", "`marquee train` makes one."));
    fill($("all"), table("Newest first", ["Model", "Trained", "NDCG@10", "Verdict", "Action"], models.map((one) => [
      h("a", { href: path`/models/${one.id}` }, one.id), time(one.trained_at), interval(one.ndcg_at_10),
      [h("strong", {}, one.verdict ?? "–"), " ", one.verdict_reason ?? ""],
      one.id === serving ? h("strong", { class: "good" }, "in service") : h("button", { type: "button", class: "quiet", "aria-label": `Promote ${one.id}`, click: () => change(path`/v1/models/${one.id}/promote`, `${one.id} is promoted.`) }, "Promote"),
    ])));
    for (const place of ["first", "second"]) fill($(place), models.map((one) => h("option", { value: one.id }, one.id)));
    if (models[1]) $("second").value = models[1].id;
    const measured = models.filter((one) => one.ndcg_at_10).toReversed();
    if (!measured.length) return fill($("history"), note("No model was measured yet."));
    const series = [{ name: "NDCG@10", values: measured.map((one) => one.ndcg_at_10.value) }];
    if (measured.some((one) => typeof one.ndcg_at_10.low === "number")) {
      series.push({ name: "low", values: measured.map((one) => one.ndcg_at_10.low ?? null) }, { name: "high", values: measured.map((one) => one.ndcg_at_10.high ?? null) });
    }
    return chart($("history"), { kind: "line", labels: measured.map((one) => `${one.id.slice(0, 13)}${one.id === serving ? " ●" : one.verdict === "promoted" ? " ↑" : ""}`), series, caption: "NDCG@10 with its 95 % interval, oldest first (● in service, ↑ promoted)", head: "Model" });
  });
}

async function change(target, words) {
  try {
    await send(target, { reason: "asked for on the dashboard" });
    fill($("said"), note(words, "good"));
  } catch (error) {
    fill($("said"), note(error.message, "bad", error.advice));
  }
  await all();
}

$("rollback").addEventListener("click", () => change("/v1/models/rollback", "The model before is in service again, and stays until somebody promotes or unpins."));
$("compare").addEventListener("submit", (event) => {
  event.preventDefault();
  shown($("compared"), async () => {
    const answer = await get(path`/v1/models/${$("first").value}/compare/${$("second").value}`);
    fill($("compared"), compared(answer));
  });
});

/** Metrics of both side by side, and how far their lists agree. */
function compared(answer) {
  const rows = (answer.metrics ?? []).map((one) => [one.k ? `${one.name}@${one.k}` : one.name, interval(one.first), interval(one.second), one.difference ? interval(one.difference) : "–"]);
  const overlap = answer.list_overlap ?? answer.overlap;
  return [rows.length ? table("Metrics of both", ["Metric", "One", "Another", "Difference"], rows) : note("Neither was measured on the same split."),
    overlap ? h("p", {}, `Lists agree by ${number(typeof overlap === "number" ? overlap : overlap.rbo ?? overlap.value)} (rank-biased overlap, 1 is the same).`) : null];
}

all();
