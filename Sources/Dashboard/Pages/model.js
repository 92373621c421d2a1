import { $, h, fill, shown, note, subject, time } from "./dom.js";
import { get, key, path, text } from "./api.js";

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

shown($("report"), async () => {
  const target = path`/v1/evaluations/${id}/report.html`;
  const page = await text(target);
  const file = URL.createObjectURL(new Blob([page], { type: "text/html" }));
  const download = h("a", { href: file, download: `${id}.html` }, "Download the report");
  // A frame can carry no key; the file can.
  fill($("report"), h("p", {}, download), key.get() ? null : h("iframe", { src: target, title: "Evaluation report", loading: "lazy", sandbox: "" }));
});
