import { $, h, fill, shown, note } from "./dom.js";
import { get, latest, send } from "./api.js";
import { films, fields, lacking, count } from "./films.js";

const picked = new Map();
const ask = latest();
let cursor = null;

function offer() {
  shown($("picks"), async () => {
    const answer = await get("/v1/items/representative", { n: 12, fields, cursor });
    cursor = answer.next_cursor ?? null;
    $("others").disabled = !cursor;
    fill($("picks"), lacking(answer), answer.items.length ? films(answer.items, { act: pick, score: false }) : note("There is no film to pick from.", "", "Import a catalogue and train a model."));
  });
}

function pick(item) {
  const button = h("button", {
    type: "button", class: "quiet", "aria-pressed": String(picked.has(item.id)), "aria-label": `I like ${item.fields?.title ?? item.id}`,
    click: () => {
      if (!picked.delete(item.id)) picked.set(item.id, item.fields?.title ?? item.id);
      button.setAttribute("aria-pressed", String(picked.has(item.id)));
      button.textContent = picked.has(item.id) ? "Liked" : "I like it";
      list();
    },
  }, picked.has(item.id) ? "Liked" : "I like it");
  return button;
}

function list() {
  $("chosen").textContent = picked.size ? `${count(picked.size, "film")} picked: ${[...picked.values()].join(", ")}.` : "Nothing is picked yet.";
  if (!picked.size) return fill($("list"));
  return shown($("list"), () => ask(async (signal) => {
    const answer = await send("/v1/recommendations/anonymous", { items: [...picked.keys()].map((id) => ({ id })), n: 12, fields: fields.split(","), explain: "full" });
    if (!signal.aborted) fill($("list"), lacking(answer), films(answer.items));
  }));
}

$("others").addEventListener("click", offer);
offer();
