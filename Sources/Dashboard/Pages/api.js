// The one way to the server: the REST API that programs use. The key, if one is needed, stays in this tab.

const storage = "marquee-key";

export const key = {
  get: () => sessionStorage.getItem(storage) ?? "",
  set: (value) => (value ? sessionStorage.setItem(storage, value) : sessionStorage.removeItem(storage)),
};

/** What went wrong, in the server's words. */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? body?.title ?? `The server answered ${status}.`);
    this.name = "Problem";
    this.status = status;
    this.code = body?.code ?? "";
    this.advice = body?.advice ?? (status === 401 || status === 403 ? "Set a key at the foot of the page." : "");
  }
}

/** What is sent with each request. */
export function headers(more = {}) {
  return key.get() ? { Authorization: `Bearer ${key.get()}`, ...more } : more;
}

async function answered(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: headers(options.headers), cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const problem = new Problem(0, { detail: "The server cannot be reached." });
    problem.advice = "Is `marquee serve` still running?";
    throw problem;
  }
  if (response.ok) return response;
  let body = null;
  try { body = await response.json(); } catch { /* an answer of something between us and the server */ }
  if (response.status === 401) document.dispatchEvent(new CustomEvent("key-needed", { detail: body?.detail ?? "" }));
  throw new Problem(response.status, body);
}

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

/** A path with its segments encoded: path`/v1/users/${user}/events`. */
export function path(texts, ...values) {
  return texts.map((text, i) => text + (i < values.length ? encodeURIComponent(values[i]) : "")).join("");
}

export async function get(target, parameters = {}, options = {}) {
  return (await answered(target + query(parameters), options)).json();
}

export async function text(target) { return (await answered(target, {})).text(); }

export async function send(target, body, method = "POST", more = {}) {
  const response = await answered(target, {
    method, body: body === undefined ? undefined : JSON.stringify(body),
    headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...more },
  });
  return response.status === 204 ? null : response.json();
}

/** Asks again each time with what is newest: an answer that comes late, for an earlier question, is dropped. */
export function latest() {
  let controller = null;
  return async (ask) => {
    controller?.abort();
    controller = new AbortController();
    return ask(controller.signal);
  };
}
