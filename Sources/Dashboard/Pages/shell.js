// What all pages share: the mark of the page one is on, the box for a user, the key.

import { $ } from "./dom.js";
import { get, key } from "./api.js";

for (const link of document.querySelectorAll("nav a")) {
  const target = link.getAttribute("href");
  if (target === "/" ? location.pathname === "/" : location.pathname.startsWith(target)) link.setAttribute("aria-current", "page");
}

$("go-user").addEventListener("submit", (event) => {
  event.preventDefault();
  const id = $("go-user-id").value.trim();
  if (id) location.assign(`/users/${encodeURIComponent(id)}`);
});

const dialog = $("key-dialog");
function ask(reason) {
  if (dialog.open) return;
  if (reason) $("key-reason").textContent = `${reason} The key stays in this tab and goes when the tab is closed.`;
  $("key-input").value = "";
  dialog.showModal();
}
$("key-button").addEventListener("click", () => ask(""));
document.addEventListener("key-needed", (event) => ask(event.detail));
dialog.addEventListener("close", () => {
  if (dialog.returnValue === "use" && $("key-input").value) key.set($("key-input").value.trim());
  else if (dialog.returnValue === "forget") key.set("");
  else return;
  location.reload();
});

get("/version").then((version) => { $("version").textContent = `Marquee ${version.version}`; }, () => {});
