import assert from "node:assert/strict";
import { test } from "node:test";
import { Baseline } from "../../quietus/static/live/baseline.mjs";
import { frame, nobody, stretch } from "./frames.mjs";

const fed = (...frames) => {
  const baseline = new Baseline();
  for (const each of frames.flat()) baseline.add(each);
  return baseline;
};

test("it knows what is usual after 25 seconds with a face, and not before", () => {
  assert.equal(fed(stretch(0, 24_000)).usual, null);
  const { usual, progress } = fed(stretch(0, 26_000));
  assert.equal(progress, 1);
  assert.ok(Math.abs(usual.openness - 0.3) < 1e-9);
  assert.equal(usual.pitch, 2);
});

test("time without a face does not count", () => {
  const baseline = fed(stretch(0, 13_000), stretch(13_000, 20_000, nobody), stretch(20_000, 30_000));
  assert.equal(baseline.usual, null);
  assert.ok(baseline.progress > 0.8 && baseline.progress < 1);
});

test("a gap in the pictures is not time in which somebody was seen", () => {
  const baseline = fed(stretch(0, 1000), frame(9000), frame(9250));
  assert.ok(baseline.progress < 0.2);
});

test("it is medians: a few odd pictures change nothing", () => {
  const odd = (at) => frame(at, at % 2500 === 0 ? { openness: 0.05, pitch: 60 } : {});
  assert.equal(fed(stretch(0, 26_000, odd)).usual.pitch, 2);
});

test("after an absence of more than ten seconds it begins anew", () => {
  const short = fed(stretch(0, 26_000), stretch(26_000, 35_000, nobody), stretch(35_000, 36_000));
  assert.equal(short.progress, 1);
  const long = fed(stretch(0, 26_000), stretch(26_000, 37_000, nobody), stretch(37_000, 38_000));
  assert.equal(long.usual, null);
  assert.ok(long.progress < 0.1);
});

test("it tells when it began anew, once", () => {
  const baseline = fed(stretch(0, 26_000));
  const told = stretch(26_000, 60_000, nobody).map((each) => baseline.add(each));
  assert.equal(told.filter(Boolean).length, 1);
});

test("a slow machine needs enough pictures too", () => {
  const slow = Array.from({ length: 9 }, (_, i) => frame(i * 3000));
  assert.ok(fed(slow).progress < 1);
});
