import { $, h, fill, note, number, duration, bytes, time, table } from "./dom.js";
import { get } from "./api.js";
import { live, rate } from "./live.js";
import { chart, push } from "./charts.js";

let before = null;
let isDrawn = false;

function show(frame) {
  const { freshness, figures } = frame;
  $("p50").textContent = duration(freshness.event_to_visible_seconds.p50);
  $("p99").textContent = duration(freshness.event_to_visible_seconds.p99);
  $("age").textContent = duration(freshness.model_age_seconds);
  $("memory").textContent = bytes(figures.memory_bytes);
  $("connections").textContent = number(figures.connections);
  $("watchers").textContent = number(frame.watchers);
  const requests = rate(before, frame, (one) => one.figures.requests.answered);
  if (isDrawn && requests !== null) push($("time"), new Date(frame.at).toLocaleTimeString("en-GB"), [requests, (figures.requests.p99 ?? 0) * 1000]);
  before = frame;
  changed("parts", frame.degraded, parts);
  changed("ingest", figures.ingest, ingest);
  changed("routes", figures.routes, routes);
}

/** Draws a panel only when what it shows has changed, so that a reader's place in it is kept. */
function changed(place, value, draw) {
  const said = JSON.stringify(value);
  if ($(place).dataset.said === said) return;
  $(place).dataset.said = said;
  fill($(place), draw(value));
}

const parts = (degraded) => (degraded.length
  ? table("What does not work", ["Part", "Why"], degraded.map((one) => [one.part, one.reason])) : note("Everything works.", "good"));

const ingest = (one) => (one
  ? [table("In this process", ["Figure", "Value"], [["rows stored", number(one.rows)], ["commits", number(one.commits)], ["messages behind", number(one.lag)], ["commit, p99", duration(one.commit_seconds_p99)]], [1]),
    table("Behind, by partition", ["Partition", "Messages"], one.partitions.map((each) => [`${each.topic} ${each.partition}`, number(each.lag)]), [1])]
  : note("Events are stored by another process.", "", "Its own /metrics tells: `marquee ingest --metrics-port`."));

const stored = ({ events, partitions }) => [
  events ? table("Table of events", ["Version", "Written", "Rows", "Files", "Size"], [[number(events.version), time(events.committed_at), number(events.rows), number(events.files), bytes(events.bytes)]], [2, 3, 4])
    : note("There is no table of events yet.", "", "`marquee ingest` makes it."),
  partitions.length ? table("Stored, by partition", ["Partition", "Stored up to", "Behind"], partitions.map((one) => [`${one.topic} ${one.partition}`, number(one.stored), number(one.behind)]), [1, 2]) : null];

const dead = (reasons) => (reasons.length === 0 ? note("None: every message was an event.", "good")
  : [reasons.map((one) => h("details", {}, h("summary", {}, `${one.reason}: ${number(one.count)}`),
    table(`Newest of ${one.reason}`, ["Message", "When", "Why", "Begins"], one.examples.map((each) => [`${each.topic} ${each.partition}@${each.offset}`, time(each.at), each.detail, h("code", {}, each.text)])))),
  note("`marquee deadletters list` shows all, `marquee deadletters replay` sends them again.")]);

/** Asked for less often than what moves: the store is read for it. */
async function look() {
  try {
    const found = await get("/v1/ingestion");
    changed("stored", { events: found.events, partitions: found.partitions }, stored);
    changed("dead", found.dead_letters, dead);
  } catch (error) {
    for (const place of ["stored", "dead"]) changed(place, error.message, () => note(error.message, "bad", error.advice));
  }
  setTimeout(look, 5000);
}

const routes = (all) => (all.length ? table("Asked since the start", ["Route", "Requests", "Failed", "p50", "p99"],
  all.map((one) => [one.route, number(one.count), number(one.failed), duration(one.p50), duration(one.p99)]), [1, 2, 3, 4]) : note("Nothing was asked yet."));

live(show);
look();
chart($("time"), { kind: "line", labels: [], series: [{ name: "requests/s", values: [] }, { name: "p99, ms", values: [] }], caption: "Requests a second, and the time of the slowest hundredth in milliseconds", head: "Time" }).then(() => { isDrawn = true; });
