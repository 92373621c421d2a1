// Makes elements. Text goes in as text nodes only, so a film titled with markup shows as it is called.

const svgNames = new Set(["svg", "path", "rect", "title", "polyline"]);

/** An element with attributes (functions are event listeners) and children (nodes, texts, arrays; null is left out). */
export function h(name, attributes = {}, ...children) {
  const element = svgNames.has(name)
    ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key, value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined));
  return element;
}

export const $ = (id) => document.getElementById(id);

/** Puts children in the place of what an element has. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== undefined));
  return element;
}

/** Says what is wrong, what to do, and that the page lives. */
export function note(text, kind = "", advice = "") {
  return h("p", { class: `note ${kind}`, role: kind === "bad" ? "alert" : null }, text, advice ? ` ${advice}` : "");
}

/** Runs `work` and shows its failure in `place`; answers whether it went well. */
export async function shown(place, work) {
  place.setAttribute("aria-busy", "true");
  try {
    await work();
    return true;
  } catch (error) {
    if (error.name !== "AbortError") fill(place, note(error.message, "bad", error.advice ?? ""));
    return false;
  } finally {
    place.removeAttribute("aria-busy");
  }
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** A number for people: 1,234 or 12.3K; an en dash for what is not known. */
export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return Math.abs(value) >= 100000 ? short.format(value) : Number.isInteger(value) ? whole.format(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 1);
}

/** Seconds in the unit that reads best. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

export function bytes(value) {
  if (value === null || value === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
  return `${value.toFixed(value < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`;
}

/** A time of day for today, a date for what is older; the whole time as its title. */
export function time(text) {
  if (!text) return "–";
  const at = new Date(text);
  const isToday = Date.now() - at.getTime() < 20 * 3600 * 1000;
  const shownAs = isToday ? at.toLocaleTimeString("en-GB") : at.toISOString().slice(0, 10);
  return h("time", { datetime: text, title: text }, shownAs);
}

/** The last segment of the page's path: the film, user or model it is about. */
export const subject = () => decodeURIComponent(location.pathname.split("/").pop());

/** A table with a caption. Rows are arrays of cells; those of `numbers` are flush right. */
export function table(caption, heads, rows, numbers = []) {
  const side = (index) => (numbers.includes(index) ? "number" : null);
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, h("table", { class: heads.length > 3 ? "many" : null }, h("caption", {}, caption),
    h("thead", {}, h("tr", {}, heads.map((head, i) => h("th", { scope: "col", class: side(i) }, head)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, i) =>
      i === 0 ? h("th", { scope: "row" }, cell) : h("td", { class: side(i) }, cell)))))));
}

/** Calls `work` once things have been quiet for a moment: for sliders and search boxes. */
export function settled(work, milliseconds = 150) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), milliseconds);
  };
}
