import assert from "node:assert/strict";
import { test } from "node:test";
import { elapsed, serverClock } from "../../quietus/static/live/clock.mjs";

test("elapsed time reads like a watch", () => {
  assert.deepEqual([0, 999, 75_000, 3_675_000, -5].map(elapsed), ["0:00", "0:00", "1:15", "1:01:15", "0:00"]);
});

test("a device whose clock is an hour off still sends the server's time", () => {
  const start = Date.parse("2026-11-24T12:00:00Z");
  const wrong = start + 3_600_000;
  const at = serverClock("2026-11-24T12:00:00.000Z", wrong - 100, wrong + 100);
  assert.equal(at(wrong + 5000), start + 5000);
});
