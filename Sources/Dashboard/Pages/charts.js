// Charts by Chart.js, which the distribution packages, each with the same figures as a table for those who cannot see it.
// It is fetched when the first chart is wanted: a page is readable before.

import { h, fill, table, number } from "./dom.js";

let loading = null;

function library() {
  loading ??= new Promise((done) => {
    const script = h("script", { src: "/assets/chart.js", load: () => done(globalThis.Chart ?? null), error: () => done(null) });
    document.head.append(script);
  });
  return loading;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const drawn = new WeakMap();

/**
 * Draws into `place`: kind "bar" or "line", labels, and series of {name, values}. What `place` had goes.
 * @param {{kind?: string, labels: string[], series: {name: string, values: number[]}[], caption: string, unit?: string,
 *   across?: boolean, head?: string, open?: boolean}} what  across: bars from left to right, for long labels.
 */
export async function chart(place, what) {
  const { kind = "bar", labels, series, caption, unit = "", across = false, head = "", open = false } = what;
  const figures = table(caption, [head, ...series.map((one) => (unit ? `${one.name} (${unit})` : one.name))],
    labels.map((label, i) => [label, ...series.map((one) => number(one.values[i]))]), series.map((_, i) => i + 1));
  const Chart = await library();
  if (!Chart) {
    fill(place, h("p", { class: "soft" }, "Charts need Debian's package libjs-chart.js on the server; these are its figures."), figures);
    return;
  }
  drawn.get(place)?.destroy();
  const canvas = h("canvas", { role: "img", "aria-label": `${caption}. The table below has the figures.` });
  fill(place, h("div", { class: "chart" }, canvas), h("details", { open }, h("summary", {}, "The figures"), figures));
  Chart.defaults.color = colour("--soft");
  Chart.defaults.borderColor = colour("--line");
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  drawn.set(place, new Chart(canvas, {
    type: kind,
    data: {
      labels,
      datasets: series.map((one, i) => ({
        label: one.name, data: one.values, backgroundColor: colour(`--series-${(i % 4) + 1}`),
        borderColor: colour(`--series-${(i % 4) + 1}`), borderWidth: kind === "line" ? 2 : 0, pointRadius: kind === "line" && labels.length > 40 ? 0 : 3,
      })),
    },
    options: {
      animation: false, maintainAspectRatio: false, indexAxis: across ? "y" : "x",
      plugins: { legend: { display: series.length > 1 }, title: { display: false } },
      scales: {
        [across ? "x" : "y"]: { beginAtZero: kind === "bar", title: { display: Boolean(unit), text: unit } },
        [across ? "y" : "x"]: { grid: { display: false }, ticks: { autoSkip: !across, maxRotation: 0 } },
      },
    },
  }));
}

/** Moves a line chart on by one point; the oldest goes once there are `most`. */
export function push(place, label, values, most = 120) {
  const one = drawn.get(place);
  if (!one) return;
  one.data.labels.push(label);
  values.forEach((value, i) => one.data.datasets[i].data.push(value));
  while (one.data.labels.length > most) {
    one.data.labels.shift();
    for (const set of one.data.datasets) set.data.shift();
  }
  one.update("none");
}

/** A line a word high, for a row of a list; `label` says it in words. */
export function spark(values, label) {
  const high = Math.max(...values, 1e-9);
  const points = values.map((value, i) => `${(i / Math.max(1, values.length - 1)) * 96 + 2},${26 - (value / high) * 24}`).join(" ");
  return h("svg", { class: "spark", viewBox: "0 0 100 28", role: "img", "aria-label": label, preserveAspectRatio: "none" },
    h("polyline", { points, fill: "none", stroke: colour("--series-1"), "stroke-width": 2 }));
}

/** Parts of a sum as one bar: [{name, part}]. Negative parts are said in words only. */
export function partsBar(parts) {
  const positive = parts.filter((one) => one.part > 0);
  const sum = positive.reduce((total, one) => total + one.part, 0) || 1;
  let left = 0;
  const pieces = positive.map((one, i) => {
    const width = (one.part / sum) * 100;
    const piece = h("rect", { x: left, y: 0, width, height: 10, fill: colour(`--series-${(i % 4) + 1}`) }, h("title", {}, `${one.name} ${one.part.toFixed(3)}`));
    left += width;
    return piece;
  });
  const words = parts.map((one) => `${one.name} ${one.part.toFixed(3)}`).join(", ");
  return h("div", { class: "bar" }, h("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": words }, pieces));
}
