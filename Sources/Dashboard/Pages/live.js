// The server's figures, once a second, as server-sent events. By fetch and not EventSource, which can carry no key.

import { headers } from "./api.js";
import { $ } from "./dom.js";

/** Calls `heard` with each frame, for as long as the page is there. A cut stream is taken up again. */
export async function live(heard) {
  let wait = 1000;
  for (;;) {
    try {
      const response = await fetch("/v1/stream", { headers: headers({ Accept: "text/event-stream" }), cache: "no-store" });
      if (!response.ok) throw new Error(response.status === 401 || response.status === 403 ? "a key is needed" : `status ${response.status}`);
      for await (const frame of frames(response.body)) {
        wait = 1000;
        said("");
        heard(frame);
      }
      throw new Error("the stream ended");
    } catch (error) {
      said(`Live figures are not coming in (${error.message}). Trying again.`);
    }
    await new Promise((done) => setTimeout(done, wait));
    wait = Math.min(wait * 2, 15000);
  }
}

function said(text) {
  const place = $("connection");
  if (place.textContent !== text) place.textContent = text;
}

async function* frames(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const parts = rest.split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const data = part.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
      if (data) yield JSON.parse(data);
    }
  }
}

/** What a counter gained a second between two frames; null for the first. */
export function rate(before, after, read) {
  if (!before) return null;
  const seconds = (Date.parse(after.at) - Date.parse(before.at)) / 1000;
  return seconds > 0 ? Math.max(0, read(after) - read(before)) / seconds : null;
}
