// Lists of films as all pages show them.

import { h, number } from "./dom.js";
import { partsBar } from "./charts.js";

/** What each list asks of its films. */
export const fields = "title,year,genres";

const sources = { factors: "taste", content: "words", popularity: "popularity", recency: "lately", neighbours: "neighbours", boost: "boost", rule: "rule" };

/** A film's name with its year, leading to its page. */
export function film(id, about = {}) {
  const title = about.title ?? `Film ${id}`;
  return h("a", { href: `/films/${encodeURIComponent(id)}` }, about.year && !title.endsWith(`(${about.year})`) ? `${title} (${about.year})` : title);
}

/**
 * An ordered list of films.
 * @param items  as the API lists them.
 * @param {{act?: Function, after?: Function, score?: boolean}} how  `act` and `after` make a node for an item, or null.
 */
export function films(items, how = {}) {
  const { act, after, score = true } = how;
  return h("ol", { class: "films" }, items.map((item) => {
    const about = item.fields ?? {};
    const reasons = item.reasons ?? [];
    return h("li", {},
      h("span", { class: "rank" }, item.rank), film(item.id, about),
      h("span", { class: "score", title: "score" }, score && item.score !== null && item.score !== undefined ? item.score.toFixed(3) : ""),
      about.genres?.length ? h("span", { class: "about" }, about.genres.join(", ")) : null,
      reasons.length ? partsBar(reasons.map((one) => ({ name: sources[one.source] ?? one.source, part: one.part ?? 0 }))) : null,
      reasons.some((one) => one.text) ? h("span", { class: "why" }, reasons.map((one) => one.text).filter(Boolean).join(" ")) : null,
      after ? after(item) : null,
      act ? h("span", { class: "act" }, act(item)) : null);
  }));
}

/** What an answer lacks, said above it; null if nothing. */
export function lacking(answer) {
  const parts = answer.degraded ?? [];
  return parts.length ? h("p", { class: "note" }, `This list was made without ${parts.join(", ")}.`) : null;
}

export const count = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;
