// Made-up frames for the tests: a calm person, and changes to them.

export const frame = (at, changes = {}) => ({
  at,
  latency: 100,
  face: true,
  score: 0.95,
  size: 0.3,
  x: 1 + 0.01 * Math.sin(at / 300),
  y: 1,
  openness: 0.3,
  pitch: 2,
  yaw: 0,
  tense: 0.1,
  ...changes,
});

export const nobody = (at) => ({ at, latency: 100, face: false });

/** Frames four times a second over [from, to) ms. */
export const stretch = (from, to, make = frame) =>
  Array.from({ length: Math.floor((to - from) / 250) }, (_, i) => make(from + i * 250));
