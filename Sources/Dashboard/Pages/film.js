import { $, h, fill, shown, note, number, subject, time } from "./dom.js";
import { get, path } from "./api.js";
import { films, fields, lacking, count } from "./films.js";
import { chart } from "./charts.js";

const id = subject();
let about = {};

/** Why two films are similar, in words: what their facts share. */
function shared(item) {
  const other = item.fields ?? {};
  const both = (name) => (about[name] ?? []).filter((one) => (other[name] ?? []).includes(one));
  const parts = [];
  if (both("genres").length) parts.push(`both ${both("genres").join(", ")}`);
  if (both("keywords").length) parts.push(`both about ${both("keywords").slice(0, 4).join(", ")}`);
  if (about.director && about.director === other.director) parts.push(`both by ${about.director}`);
  if (about.year && other.year && Math.abs(about.year - other.year) <= 3) parts.push("of the same years");
  return parts.length ? h("span", { class: "why" }, `${parts.join("; ")}.`) : null;
}

await shown($("facts"), async () => {
  about = await get(path`/v1/items/${id}`);
  $("title").textContent = about.title ?? `Film ${id}`;
  document.title = `${about.title ?? id} · Marquee`;
  const rows = [
    ["Year", about.year], ["Genres", about.genres?.join(", ")], ["Director", about.director], ["Language", about.language],
    ["Runtime", about.runtime ? `${about.runtime} min` : null], ["Released", about.release_date],
    ["Votes", about.vote_count === null ? null : `${number(about.vote_count)}, mean ${number(about.vote_average)}`],
    ["Keywords", about.keywords?.join(", ")], ["In the model", about.in_model ? "yes" : "not yet: known by its words only"],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  fill($("facts"), about.overview ? h("p", {}, about.overview) : h("p", { class: "soft" }, "No description is known."),
    h("table", {}, h("caption", { class: "sr" }, "Facts"), h("tbody", {}, rows.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value))))),
    h("p", { class: "soft" }, "Described ", time(about.updated_at)));
});

for (const method of ["cf", "content", "blend"]) {
  shown($(method), async () => {
    const answer = await get(path`/v1/items/${id}/similar`, { method, n: 8, fields: `${fields},keywords,director` });
    fill($(method), lacking(answer), answer.items.length ? films(answer.items, { after: shared })
      : note("None is known.", "", method === "cf" ? "Nobody has watched it since the last training." : "It has no description."));
  });
}

shown($("hours"), async () => {
  const activity = await get(path`/v1/items/${id}/activity`);
  if (!activity.events) {
    fill($("hours"), note("Nobody has watched it yet."));
    fill($("stars"), note("Nobody has rated it yet."));
    return;
  }
  await chart($("hours"), {
    labels: activity.by_hour.map((_, hour) => `${hour}`), series: [{ name: "events", values: activity.by_hour }],
    caption: `${count(activity.events, "event")} by hour of the day (UTC)`, head: "Hour",
  });
  const rated = activity.ratings.reduce((sum, one) => sum + one.count, 0);
  if (!rated) fill($("stars"), note("Nobody has rated it yet."));
  else await chart($("stars"), {
    labels: activity.ratings.map((one) => `${one.stars}`), series: [{ name: "ratings", values: activity.ratings.map((one) => one.count) }],
    caption: `${count(rated, "rating")} by stars`, head: "Stars",
  });
});
