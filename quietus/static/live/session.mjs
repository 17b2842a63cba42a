// One live session from the click to the end: camera, worker, server and queue. What is shown is the view's matter.
import { gettext } from "../gettext.mjs";
import { Analyst } from "./analyst.mjs";
import { isReachable, openCamera, whyNot } from "./camera.mjs";
import { serverClock } from "./clock.mjs";
import { buildEvent } from "./event.mjs";
import { SendQueue } from "./queue.mjs";

const LOOK_MS = 1000; // how often the page looks at itself
const ASK_MS = 30_000; // how often it asks whether the session still runs
const SILENT_MS = 12_000; // longer than the longest window: no pictures are coming
const RETRY_MS = 3000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Something the person should read; the message is a sentence. */
class Problem extends Error {}

export class LiveSession {
  #server;
  #view;
  #video;
  #locks = navigator.locks;
  #release = () => {};
  #analyst = null;
  #closeCamera = () => {};
  #timers = [];
  #id = null;
  #clock = null;
  #startedAt = 0;
  #lastPicture = 0;
  #wakeLock = null;
  #cancelled = false;
  #told = false; // whether the server knows of the end
  queue = null;
  running = false;

  constructor({ server, view, video }) {
    this.#server = server;
    this.#view = view;
    this.#video = video;
  }

  /**
   * Ask for the camera, start the session, go. `wish` is {session_type, consent}.
   * Shows what went wrong; throws only our own mistakes.
   */
  async start(wish) {
    this.#view.starting();
    try {
      await this.#onlyHere();
      await this.#prepare();
      await this.#open(wish);
      this.#run();
    } catch (error) {
      this.#letGo();
      if (this.#cancelled) return;
      this.#view.refused(error instanceof Problem ? error.message : gettext("Something went wrong here. Please load the page again."));
      if (!(error instanceof Problem)) throw error;
    }
  }

  /** Before it runs: stop whatever has begun. */
  cancel() {
    if (this.running) return;
    this.#cancelled = true;
    this.#letGo();
    this.#view.refused("");
  }

  /** Camera off at once; then the server is told, as often as it takes. */
  async stop(why) {
    if (!this.running) return;
    this.running = false;
    this.#letGo();
    this.#view.stopping(why);
    this.queue.retryNow();
    for (;;) {
      const { status } = await this.#server.end(this.#id);
      // a session that is gone (deleted, signed out) needs no end from here
      if (status > 0 && status < 500 && status !== 429) break;
      this.#view.unreachable();
      await pause(RETRY_MS);
    }
    this.#told = true;
    this.#view.ended(this.#id, this.queue);
  }

  /** The page goes away: what can still be said is said in the background. */
  leave() {
    if (!this.queue) return;
    this.running = false;
    this.#letGo();
    this.queue.handOver((events) => this.#server.store(this.#id, events, { keepalive: true }));
    if (!this.#told) void this.#server.end(this.#id, { keepalive: true });
  }

  /** Try again what was refused; the person may have signed in elsewhere. */
  async resume() {
    await this.#server.renewToken();
    this.queue.resume();
  }

  /** Open the camera again after it went away. */
  async reopen() {
    try {
      this.#closeCamera();
      this.#closeCamera = await openCamera(this.#video, () => this.#view.cameraLost());
      if (!this.running) return this.#letGo(); // stopped while the browser asked
      this.#lastPicture = Date.now();
      this.#view.cameraBack();
    } catch (error) {
      this.#view.cameraLost(whyNot(error));
    }
  }

  /** The tab came to the front, or the network came back. */
  wake() {
    this.queue?.retryNow();
    if (!this.running) return;
    void this.#askWhetherItRuns();
    void this.#stayAwake();
  }

  async #onlyHere() {
    if (!this.#locks) return;
    const mine = await new Promise((resolve) => {
      void this.#locks.request("quietus-live", { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock && new Promise((release) => (this.#release = release));
      });
    });
    if (!mine) throw new Problem(gettext("A live session already runs in another tab. Stop that one first, or go on there."));
  }

  async #prepare() {
    if (!isReachable()) throw new Problem(gettext("Browsers open the camera only for https addresses and for this machine itself."));
    this.#analyst = new Analyst({
      window: (window) => this.#take(window),
      seen: (face) => this.#see(face),
      failed: () => this.stop("broken"),
    });
    this.#analyst.ready.catch(() => {}); // awaited below; until then a refusal of the camera comes first
    try {
      this.#closeCamera = await openCamera(this.#video, () => this.#view.cameraLost());
    } catch (error) {
      throw new Problem(whyNot(error));
    }
    this.#refuseIfCancelled();
    this.#view.loading();
    try {
      this.#view.backend(await this.#analyst.ready);
    } catch {
      throw new Problem(gettext("The analysis could not be loaded. If your connection broke, try again. It needs a current Firefox, Chrome, Edge or Safari."));
    }
  }

  async #open(wish) {
    // one name for all tries: an answer that was lost on its way does not start a second session
    const named = { ...wish, client_platform: "WEB", stream_session_id: `web-${crypto.randomUUID()}` };
    let answer = { status: 0 };
    let askedAt = 0;
    for (let tries = 0; tries < 3 && answer.status === 0; tries += 1) {
      if (tries) await pause(RETRY_MS);
      askedAt = Date.now();
      answer = await this.#server.start(named);
    }
    if (answer.status !== 200 && answer.status !== 201) throw new Problem(answer.detail);
    this.#id = answer.data.id;
    if (this.#cancelled) void this.#server.end(this.#id);
    this.#refuseIfCancelled();
    this.queue = new SendQueue({
      send: (events) => this.#store(events),
      changed: () => this.#view.network(this.queue),
    });
    this.#startedAt = Date.now();
    this.#clock = serverClock(answer.data.started_at, askedAt, this.#startedAt);
  }

  #refuseIfCancelled() {
    if (this.#cancelled) throw new Problem("Cancelled.");
  }

  #run() {
    this.running = true;
    this.#lastPicture = Date.now();
    this.#timers = [setInterval(() => this.#look(), LOOK_MS), setInterval(() => this.#askWhetherItRuns(), ASK_MS)];
    this.#view.running(this.#id);
    this.#view.network(this.queue);
    this.#analyst.watch(this.#video);
    void this.#stayAwake();
  }

  #take(window) {
    if (!this.running) return;
    const event = buildEvent(window, { id: crypto.randomUUID(), at: this.#clock(window.at) });
    this.#view.window(window);
    this.queue.add(event);
  }

  async #store(events) {
    this.#view.sent(events);
    const answer = await this.#server.store(this.#id, events);
    // gone, ended, or consent withdrawn: then nothing more should be measured
    if (answer.status === 404 || answer.status === 409) void this.#askWhetherItRuns();
    return answer;
  }

  #see(face) {
    this.#lastPicture = Date.now();
    if (this.running) this.#view.seen(face);
  }

  #look() {
    this.#view.elapsed(Date.now() - this.#startedAt);
    this.#view.silent(Date.now() - this.#lastPicture > SILENT_MS);
  }

  async #askWhetherItRuns() {
    const { status, data } = await this.#server.session(this.#id);
    if (status === 404 || (status === 200 && data.status !== "ACTIVE")) await this.stop("elsewhere");
  }

  /** A phone that turns its screen off would hide the tab; refusing this is the browser's right. */
  async #stayAwake() {
    this.#wakeLock = await navigator.wakeLock?.request("screen").catch(() => null);
    if (!this.running) void this.#wakeLock?.release();
  }

  #letGo() {
    this.#closeCamera();
    this.#closeCamera = () => {};
    this.#analyst?.end();
    this.#analyst = null;
    this.#timers.forEach(clearInterval);
    void this.#wakeLock?.release();
    this.#release();
  }
}
