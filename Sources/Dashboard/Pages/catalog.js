import { $, fill, shown, note } from "./dom.js";
import { get } from "./api.js";
import { count } from "./films.js";
import { chart } from "./charts.js";

const missing = (place, what) => fill($(place), note(`No film has ${what}.`, "", "`marquee import tmdb` brings it."));

shown($("years"), async () => {
  const stats = await get("/v1/catalog/stats");
  const years = stats.films_by_year;
  $("total").textContent = `${count(years.reduce((sum, one) => sum + one.count, 0), "film")} with a year.`;
  const draw = (place, rows, label, value, name, caption, what, more = {}) => (rows.length
    ? chart($(place), { labels: rows.map(label), series: [{ name, values: rows.map(value) }], caption, ...more }) : missing(place, what));
  await draw("years", years, (one) => `${one.year}`, (one) => one.count, "films", "Films by year of release", "a year", { head: "Year" });
  draw("popular", stats.most_popular, (one) => one.title ?? one.id, (one) => one.value, "popularity", "The ten most popular films", "a popularity", { across: true, head: "Film" });
  draw("mean", stats.mean_rating_by_genre, (one) => one.genre, (one) => one.mean, "mean", "Mean rating by genre, of 10", "ratings", { across: true, head: "Genre" });
  draw("languages", stats.languages.slice(0, 12), (one) => one.language, (one) => one.count, "films", "Films by original language", "a language", { across: true, head: "Language" });
  draw("voted", stats.most_voted, (one) => one.title ?? one.id, (one) => one.value, "votes", "The ten films with the most votes", "votes", { across: true, head: "Film" });
  draw("ratings", stats.ratings.some((one) => one.count) ? stats.ratings : [], (one) => `${one.from} to ${one.to}`, (one) => one.count, "films", "Films by their mean rating", "ratings", { head: "Rating" });
});
