// The calls that the live page makes. They never throw: status 0 is a network that failed.

const LONGEST_MS = 20_000;

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
      return { status: answer.status, data, detail: data.detail ?? `The server answered ${answer.status}.`, retryAfterMs };
    } catch {
      return { status: 0, data: {}, detail: "The server cannot be reached.", retryAfterMs: 0 };
    }
  }
}
