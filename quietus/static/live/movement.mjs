// How fast the head moves between two pictures of the same stretch.

/** Widths of the face a second: the jitter of the face finder. Nobody is stiller than this. */
export const STILLEST = 0.02;
const LONGEST_GAP_MS = 2000; // after a longer gap two pictures say nothing about speed

/** Widths of the face a second from one frame to the next; null where that cannot be said. */
export function speed(before, frame) {
  if (!before?.face || !frame.face) return null;
  const gap = frame.at - before.at;
  if (gap <= 0 || gap > LONGEST_GAP_MS) return null;
  return (Math.hypot(frame.x - before.x, frame.y - before.y) * 1000) / gap;
}
