// Times: the server's clock as seen from here, and elapsed time for people.

/** `startedAt`: what the server answered; `askedAt`, `answeredAt`: this device's clock around that call (ms). */
export function serverClock(startedAt, askedAt, answeredAt) {
  // a device whose clock is wrong by an hour would else have all its events refused
  const offset = Date.parse(startedAt) - (askedAt + answeredAt) / 2;
  return (deviceMs) => deviceMs + offset;
}

const two = (number) => String(number).padStart(2, "0");

/** 75,000 → "1:15", 3,675,000 → "1:01:15". */
export function elapsed(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
