// Frames in, windows out: baseline, window, quality and priority put together. Plain arithmetic, no camera, no page.
import { Baseline } from "./baseline.mjs";
import { Priority } from "./priority.mjs";
import { quality, summarise, Window } from "./window.mjs";

export class Analyser {
  #baseline = new Baseline();
  #window = new Window();
  #priority = new Priority();

  /** Take a frame (see face.mjs) in. */
  add(frame) {
    if (this.#baseline.add(frame)) this.#priority.reset();
    this.#window.add(frame);
  }

  /** The window that is over at this moment, or null. A stretch without any picture is no window: nothing was seen. */
  tick(now) {
    if (!this.#window.isOver(now)) return null;
    const frames = this.#window.take();
    if (frames.length === 0) {
      this.#window.drop();
      return null;
    }
    const summary = summarise(frames, this.#baseline.usual);
    const progress = this.#baseline.progress;
    return { ...summary, progress, level: this.#priority.next(summary), confidence: quality(summary, progress) };
  }
}
