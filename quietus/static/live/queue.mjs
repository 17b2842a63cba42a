// Windows on their way to the server. They wait in this tab's memory until the server has said that they are stored,
// and go out again with the same ids, so that one whose answer was lost is not counted twice.

export const MOST_EVENTS = 2880; // four hours of windows, as long as a session may be
export const MOST_BYTES = 4000; // of one request's body
const MOST_IN_ONE = 500;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const MOST_HANDED_OVER = 12; // bodies: browsers carry 64 KB past the end of a page

const passing = (status) => status === 0 || status === 408 || status === 429 || status >= 500;

/** As many of the first events as one body may hold, at least one. Events are plain ASCII: a character is a byte. */
export function firstBatch(events) {
  let bytes = '{"events":[]}'.length;
  let count = 0;
  for (const event of events.slice(0, MOST_IN_ONE)) {
    bytes += JSON.stringify(event).length + 1;
    if (count && bytes > MOST_BYTES) break;
    count += 1;
  }
  return events.slice(0, count);
}

export class SendQueue {
  #events = [];
  #sending = false;
  #failures = 0;
  #timer = null;
  #send;
  #changed;
  #schedule;
  #cancel;
  /** How many events the server has confirmed, and how many were given up because the queue was full. */
  stored = 0;
  dropped = 0;
  /** What the server said when it refused for good: {status, detail}. Events stay; `resume` tries again. */
  refused = null;

  /** `send(events)` answers {status, detail, retryAfterMs}, status 0 when the network failed. It never throws. */
  constructor({ send, changed = () => {}, schedule = (what, ms) => setTimeout(what, ms), cancel = (timer) => clearTimeout(timer) }) {
    this.#send = send;
    this.#changed = changed;
    this.#schedule = schedule;
    this.#cancel = cancel;
  }

  get waiting() {
    return this.#events.length;
  }

  /** Whether the last try failed and another one is planned. */
  get troubled() {
    return this.#failures > 0;
  }

  add(event) {
    this.#events.push(event);
    if (this.#events.length > MOST_EVENTS) {
      this.#events.splice(this.#sending ? firstBatch(this.#events).length : 0, 1);
      this.dropped += 1;
    }
    this.#changed();
    if (this.#timer === null) void this.#drain();
  }

  /** Try now instead of later: the network may be back. */
  retryNow() {
    this.#stopTimer();
    void this.#drain();
  }

  /** After a refusal: whatever was wrong (signed out, say) may be mended. */
  resume() {
    this.refused = null;
    this.retryNow();
  }

  /** The page goes away: give `send` as much as a browser still carries, without waiting for an answer. */
  handOver(send) {
    let rest = this.#events;
    for (let bodies = 0; rest.length && bodies < MOST_HANDED_OVER; bodies += 1) {
      const batch = firstBatch(rest);
      void send(batch);
      rest = rest.slice(batch.length);
    }
  }

  async #drain() {
    if (this.#sending || this.refused) return;
    this.#sending = true;
    while (this.#events.length && !this.refused && this.#timer === null) await this.#sendOne();
    this.#sending = false;
    this.#changed();
  }

  async #sendOne() {
    const batch = firstBatch(this.#events);
    const answer = await this.#send(batch);
    if (answer.status >= 200 && answer.status < 300) {
      this.#failures = 0;
      this.stored += batch.length;
      this.#events.splice(0, batch.length);
      this.#changed();
    } else if (passing(answer.status)) {
      this.#failures += 1;
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
      this.#timer = this.#schedule(() => this.retryNow(), Math.max(wait, answer.retryAfterMs ?? 0));
    } else {
      this.refused = { status: answer.status, detail: answer.detail };
    }
  }

  #stopTimer() {
    if (this.#timer !== null) this.#cancel(this.#timer);
    this.#timer = null;
  }
}
