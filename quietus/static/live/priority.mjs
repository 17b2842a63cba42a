// From one window's measures to a review priority: weak signs, none of which is enough alone.
// The limits are choices, not findings; docs/integrating.md tells them and why they are this careful.
import { ramp } from "./numbers.mjs";

export const PRESENT = 0.3; // under this share of pictures with a face nothing is said
// together 1; body or movement alone never reaches MODERATE: whoever reads a letter looks down, and sits still
const CAP = { body: 0.3, movement: 0.3, expression: 0.4 };
const COUNTS = 0.2; // from here on a group counts as one of the two that HIGH needs
const RISE = { MODERATE: 0.35, HIGH: 0.6 };
const HOLD = { MODERATE: 0.25, HIGH: 0.5 }; // lower than RISE: a value at the edge does not flicker
const WINDOWS_UP = { MODERATE: 2, HIGH: 3 };
const WINDOWS_DOWN = 3;
const ORDER = ["LOW", "MODERATE", "HIGH"];

const none = () => ({ MODERATE: 0, HIGH: 0 });

/** What each group adds, 0 to its cap. Eyes and head are one group: who looks down lowers both. */
export function groups(summary) {
  const eyes = ramp(summary.eyeClosure ?? 0, 0.3, 0.8);
  const head = ramp(summary.headPitch ?? 0, 12, 30);
  const moved = ramp(Math.abs(summary.movement ?? 0), 1, 3); // far stiller or far more restless than usual
  const tense = summary.tenseRise === null ? ramp(summary.tense ?? 0, 0.6, 1) : ramp(summary.tenseRise, 0.15, 0.6);
  return { body: CAP.body * Math.max(eyes, head), movement: CAP.movement * moved, expression: CAP.expression * tense };
}

/** Whether these groups reach a level: `limits` are RISE or HOLD. */
function reaches(level, parts, limits) {
  const values = Object.values(parts);
  const sum = values.reduce((total, value) => total + value, 0);
  if (sum < limits[level]) return false;
  return level !== "HIGH" || values.filter((value) => value >= COUNTS).length >= 2;
}

export class Priority {
  #held = "LOW";
  #up = none();
  #down = 0;

  /** The level of this window, given the ones before. */
  next(summary) {
    if (summary.presence < PRESENT) {
      this.#up = none();
      return "UNKNOWN";
    }
    const parts = groups(summary);
    for (const level of ["MODERATE", "HIGH"]) this.#up[level] = reaches(level, parts, RISE) ? this.#up[level] + 1 : 0;
    const above = ORDER[ORDER.indexOf(this.#held) + 1];
    if (above && this.#up[above] >= WINDOWS_UP[above]) this.#move(above);
    else this.#perhapsDown(parts);
    return this.#held;
  }

  /** After an absence nothing of before holds. */
  reset() {
    this.#move("LOW");
    this.#up = none();
  }

  #perhapsDown(parts) {
    if (this.#held === "LOW") return;
    this.#down = reaches(this.#held, parts, HOLD) ? 0 : this.#down + 1;
    if (this.#down >= WINDOWS_DOWN) this.#move(ORDER[ORDER.indexOf(this.#held) - 1]);
  }

  #move(level) {
    this.#held = level;
    this.#down = 0;
  }
}
