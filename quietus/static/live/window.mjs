// Gathers frames into windows of 5 to 10 seconds and says of each what was seen, against what is usual.
import { clamp, median, ramp, round } from "./numbers.mjs";
import { speed, STILLEST } from "./movement.mjs";

export const WINDOW_MS = 5000;
export const LONGEST_MS = 10_000;
const LEAST_FRAMES = 3; // a slow machine gets the longer window
const GOOD_FRAMES = 8;
const CLOSED = 0.6; // of the usual opening
const TURNED_FROM = 20; // degrees to the side, from where the measures get worse
const TURNED_TO = 50;
const SMALL_FACE = 0.08; // share of the picture's width
const FAIR_FACE = 0.2;
const UNLEARNT_QUALITY = 0.3;

export class Window {
  #frames = [];
  #since = null;

  /** Take a frame in. The first one after a pause opens the window. */
  add(frame) {
    this.#since ??= frame.at;
    this.#frames.push(frame);
  }

  /** Whether the window is over at this moment. */
  isOver(now) {
    if (this.#since === null) return false;
    const age = now - this.#since;
    return age >= LONGEST_MS || (age >= WINDOW_MS && this.#frames.length >= LEAST_FRAMES);
  }

  /** The frames of the window that is over; the next one begins where it ended. */
  take() {
    const frames = this.#frames;
    this.#frames = [];
    this.#since = frames.length ? frames.at(-1).at : null;
    return frames;
  }

  /** Nothing came for long: the next frame opens a window of its own. */
  drop() {
    this.#frames = [];
    this.#since = null;
  }
}

/** What the frames of one window say; measures that need a baseline are null without one (`usual` is null). */
export function summarise(frames, usual) {
  const faces = frames.filter((frame) => frame.face);
  const middle = (name) => median(faces.map((frame) => frame[name]));
  const pace = median(frames.map((frame, i) => speed(frames[i - 1], frame)).filter((value) => value !== null));
  return {
    at: frames.at(-1).at,
    frames: frames.length,
    presence: faces.length / frames.length,
    score: middle("score") ?? 0,
    size: middle("size") ?? 0,
    turned: Math.abs(middle("yaw") ?? 0),
    tense: middle("tense"),
    latency: Math.round(median(frames.map((frame) => frame.latency)) ?? 0),
    ...against(usual, faces, middle, pace),
  };
}

function against(usual, faces, middle, pace) {
  if (!usual || faces.length === 0) return { eyeClosure: null, headPitch: null, movement: null, tenseRise: null };
  return {
    eyeClosure: faces.filter((frame) => frame.openness < CLOSED * usual.openness).length / faces.length,
    headPitch: middle("pitch") - usual.pitch,
    // doublings of the usual pace: -1 is half as much, +1 twice as much
    movement: pace === null ? null : clamp(Math.log2(Math.max(STILLEST, pace) / usual.speed), -4, 4),
    tenseRise: middle("tense") - usual.tense,
  };
}

/** How good the data of a window is, 0 to 1: what `confidence` holds. It says nothing about the person. */
export function quality(summary, progress) {
  const facing = 1 - 0.7 * ramp(summary.turned, TURNED_FROM, TURNED_TO);
  const near = 0.4 + 0.6 * ramp(summary.size, SMALL_FACE, FAIR_FACE);
  const enough = clamp(summary.frames / GOOD_FRAMES);
  const learnt = progress < 1 ? UNLEARNT_QUALITY : 1;
  return round(clamp(summary.presence * summary.score * facing * near * enough * learnt), 4);
}
