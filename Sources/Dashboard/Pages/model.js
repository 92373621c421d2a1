import { $, h, fill, shown, note, subject, time } from "./dom.js";
import { get, path, text } from "./api.js";

const id = subject();
$("title").textContent = `Model ${id}`;
document.title = `Model ${id} · Marquee`;

const plain = (value) => (value === null ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));

shown($("facts"), async () => {
  const model = await get(path`/v1/models/${id}`);
  const shownAs = Object.entries(model).filter(([name, value]) => name !== "request_id" && (typeof value !== "object" || value === null));
  fill($("facts"), h("table", {}, h("caption", { class: "sr" }, "Facts"), h("tbody", {}, shownAs.map(([name, value]) =>
    h("tr", {}, h("th", { scope: "row" }, name.replaceAll("_", " ")), h("td", {}, name.endsWith("_at") ? time(value) : plain(value)))))));
  fill($("verdict"), note(`${model.verdict ?? "no verdict"}. ${model.verdict_reason ?? ""}`, model.verdict === "promoted" ? "good" : ""));
});

/** The report inside this page, with its own styles and out of reach of the page's. It has no script, and none would run. */
function embedded(html) {
  const styles = [];
  // Taken out before the parser sees them: this page's policy lets no style of a document apply.
  const report = new DOMParser().parseFromString(html.replace(/<style>([^]*?)<\/style>/g, (_, style) => {
    styles.push(style);
    return "";
  }), "text/html");
  const sheet = new CSSStyleSheet();
  // What the report says of its page holds for its place in this one.
  sheet.replaceSync(styles.join("\n")
    .replaceAll(":root", ":host").replaceAll("body{", ".report{").replaceAll("html{", ":host{display:block;"));
  const place = h("div", { class: "embedded" });
  const root = place.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  const lead = report.querySelector("header h1")?.textContent ?? "";
  root.append(h("div", { class: "report" }, h("h3", {}, lead), ...(report.querySelector("main") ?? report.body).childNodes));
  root.addEventListener("click", (event) => {
    const target = event.target.closest?.("a[href^='#']");
    if (!target) return;
    event.preventDefault();
    root.getElementById(target.getAttribute("href").slice(1))?.scrollIntoView();
  });
  return place;
}

shown($("report"), async () => {
  const page = await text(path`/v1/evaluations/${id}/report.html`);
  const file = URL.createObjectURL(new Blob([page], { type: "text/html" }));
  fill($("report"), h("p", {}, h("a", { href: file, download: `${id}.html` }, "Download the report")), embedded(page));
});
