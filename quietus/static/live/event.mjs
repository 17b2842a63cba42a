// The very event that is sent for one window: numbers under documented names, at most some 500 bytes.
import { round } from "./numbers.mjs";

/** Names what computed the levels: change it with any limit in this folder, or with the vision package. */
export const MODEL_VERSION = "quietus-live-1+human-3.3.6";

const measured = (name, value, digits) => (value === null ? {} : { [name]: round(value, digits) });

/** `window` comes from Analyser.tick; `id` a UUID; `at` the window's end by the server's clock. */
export function buildEvent(window, { id, at }) {
  return {
    id,
    event_at: new Date(at).toISOString(),
    risk_level: window.level,
    confidence: window.confidence,
    signals: {
      presence: round(window.presence, 3),
      ...measured("eye_closure", window.eyeClosure, 3),
      ...measured("head_pitch", window.headPitch, 1),
      ...measured("movement", window.movement, 2),
      ...measured("expression", window.tenseRise, 3),
      baseline: round(window.progress, 2),
      face_score: round(window.score, 2),
      face_size: round(window.size, 3),
      head_turn: round(window.turned, 1),
      frames: window.frames,
    },
    model_version: MODEL_VERSION,
    latency_ms: window.latency,
  };
}
