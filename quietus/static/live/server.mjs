// The calls that the live page makes. They never throw: status 0 is a network that failed.
import { gettext } from "../gettext.mjs";

const LONGEST_MS = 20_000;

// What the server may say to this page. It says it in English to whoever has not chosen a language, so it is looked up
// here again; a sentence that is not in this list stays as it came.
const later = (text) => text;
export const SAID = new Set([
  later("Please sign in."),
  later("Your account does not have the right to do this."),
  later("There is nothing at this address for you."),
  later("This form is no longer valid: please load the page again. Programs send X-CSRFToken."),
  later("Some of what was sent cannot be accepted."),
  later("That was too often. Please wait a moment and try again."),
  later("Something went wrong on our side. Nothing you sent was lost on purpose; please try again."),
  later("The desk cannot store anything right now. Nothing was accepted. Please try again in a moment."),
  later("Video sessions are not allowed where this desk is used."),
  later("Some events cannot be accepted. Nothing of this batch was stored."),
  later("Some events lie outside their session. Nothing of this batch was stored."),
  later("This session has ended. Nothing of this batch was stored."),
  later("This session ended more than 24 hours ago and takes no more events."),
  later("The consent to video sessions was withdrawn; nothing more is stored."),
]);

const said = (detail) => (SAID.has(detail) ? gettext(detail) : detail);

export class Server {
  #api;
  #token;

  /** `api` is the path of the JSON API, `token` the page's CSRF token. */
  constructor(api, token) {
    this.#api = api;
    this.#token = token;
  }

  start = (wish) => this.#call("POST", "/video/sessions", wish);
  session = (id) => this.#call("GET", `/video/sessions/${id}`);
  store = (id, events, more) => this.#call("POST", `/video/sessions/${id}/events`, { events }, more);
  end = (id, more) => this.#call("POST", `/video/sessions/${id}/end`, undefined, more);

  /** After signing in again in another tab the old token is dead. */
  async renewToken() {
    const { data } = await this.#call("GET", "/auth/csrf");
    if (data?.csrf_token) this.#token = data.csrf_token;
  }

  async #call(method, path, body, more = {}) {
    try {
      const answer = await fetch(this.#api + path, {
        method,
        headers: { "X-CSRFToken": this.#token, ...(body ? { "Content-Type": "application/json" } : {}) },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(LONGEST_MS),
        ...more,
      });
      const data = await answer.json().catch(() => ({}));
      const retryAfterMs = 1000 * Number(answer.headers.get("Retry-After") ?? 0) || 0;
      return { status: answer.status, data, detail: said(data.detail) ?? gettext("The server answered %(status)s.", { status: answer.status }), retryAfterMs };
    } catch {
      return { status: 0, data: {}, detail: gettext("The server cannot be reached."), retryAfterMs: 0 };
    }
  }
}
