// What is usual for this person today: learnt while they are seen, and learnt again after an absence, since somebody
// else may have sat down. Faces differ too much for fixed limits.
import { clamp, median } from "./numbers.mjs";
import { speed, STILLEST } from "./movement.mjs";

export const LEARN_MS = 25_000;
export const ABSENCE_MS = 10_000;
const LEAST_FRAMES = 12;
const LONGEST_STEP_MS = 2000; // a gap in the pictures is not time in which the person was seen

export class Baseline {
  #seen = [];
  #seenMs = 0;
  #lastFace = null;
  #before = null;
  usual = null;

  /** Take one frame in, in the order of time. True when it began anew. */
  add(frame) {
    const anew = this.#lastFace !== null && frame.at - this.#lastFace > ABSENCE_MS;
    if (anew) this.#forget();
    if (frame.face) this.#learn(frame);
    this.#before = frame;
    return anew;
  }

  /** 0 at the start, 1 when it is known what is usual. */
  get progress() {
    if (this.usual) return 1;
    return clamp(Math.min(this.#seenMs / LEARN_MS, this.#seen.length / LEAST_FRAMES), 0, 0.99);
  }

  #learn(frame) {
    if (this.#before?.face) this.#seenMs += clamp(frame.at - this.#before.at, 0, LONGEST_STEP_MS);
    this.#lastFace = frame.at;
    if (this.usual) return;
    this.#seen.push({ ...frame, speed: speed(this.#before, frame) });
    if (this.#seenMs >= LEARN_MS && this.#seen.length >= LEAST_FRAMES) this.#settle();
  }

  #settle() {
    const middle = (name) => median(this.#seen.map((frame) => frame[name]).filter((value) => value !== null));
    this.usual = {
      openness: middle("openness"),
      pitch: middle("pitch"),
      tense: middle("tense"),
      speed: Math.max(STILLEST, middle("speed") ?? STILLEST),
    };
    this.#seen = [];
  }

  #forget() {
    this.#seen = [];
    this.#seenMs = 0;
    this.#lastFace = null;
    this.#before = null;
    this.usual = null;
  }
}
