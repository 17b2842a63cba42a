// The page's side of the worker: starts it, feeds it with pictures of the camera, hands on what it says.

const PICTURE_WIDTH = 320; // enough for the face finder, and less to compute

export class Analyst {
  #worker = new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });
  #video = null;
  #shown = -1;
  #wanted = false;
  #on;
  /** Resolves with the backend's name once it can look, rejects when it cannot on this device. */
  ready;

  /** `on` holds `window(window)`, `seen(face)` and `failed(reason)`. */
  constructor(on) {
    this.#on = on;
    this.ready = new Promise((resolve, reject) => {
      const broken = (reason) => {
        reject(new Error(reason));
        on.failed(reason);
      };
      this.#worker.addEventListener("error", (event) => broken(event.message || "the worker did not start"));
      this.#worker.addEventListener("message", ({ data }) => this.#hear(data, resolve, broken));
    });
  }

  /** Look at this video from now on. */
  watch(video) {
    this.#video = video;
    if (this.#wanted) void this.#give();
  }

  end() {
    this.#video = null;
    this.#worker.terminate();
  }

  #hear(message, ready, broken) {
    if (message.type === "ready") ready(message.backend);
    else if (message.type === "next") void this.#give();
    else if (message.type === "seen") this.#on.seen(message.face);
    else if (message.type === "window") this.#on.window(message.window);
    else if (message.type === "failed") broken(message.reason);
  }

  async #give() {
    this.#wanted = this.#video === null;
    if (this.#wanted) return;
    const at = Date.now();
    const picture = await this.#newPicture();
    this.#worker.postMessage(picture ? { picture, at } : {}, picture ? [picture] : []);
  }

  /** The camera's picture; null when it has not changed, since a frozen one would count as sitting very still. */
  async #newPicture() {
    const { totalVideoFrames } = this.#video.getVideoPlaybackQuality();
    if (totalVideoFrames === this.#shown || this.#video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    this.#shown = totalVideoFrames;
    // a camera that was pulled out between the two lines makes this fail: no picture, then
    return createImageBitmap(this.#video, { resizeWidth: PICTURE_WIDTH, resizeQuality: "medium" }).catch(() => null);
  }
}
