import assert from "node:assert/strict";
import { test } from "node:test";
import { quality, summarise, Window } from "../../quietus/static/live/window.mjs";
import { frame, nobody, stretch } from "./frames.mjs";

const usual = { openness: 0.3, pitch: 2, tense: 0.1, speed: 0.1 };

test("a window lasts five seconds, up to ten where pictures are rare", () => {
  const quick = new Window();
  for (const each of stretch(0, 5000)) quick.add(each);
  assert.equal(quick.isOver(4999), false);
  assert.equal(quick.isOver(5000), true);
  const slow = new Window();
  slow.add(frame(0));
  slow.add(frame(4000));
  assert.equal(slow.isOver(7000), false);
  assert.equal(slow.isOver(10_000), true);
});

test("before the first picture there is no window", () => {
  assert.equal(new Window().isOver(1e12), false);
});

test("presence is the share of pictures with a face", () => {
  const mixed = [...stretch(0, 2000), ...stretch(2000, 5000, nobody)];
  assert.equal(summarise(mixed, usual).presence, 8 / 20);
  assert.equal(summarise(stretch(0, 5000, nobody), usual).presence, 0);
});

test("without a baseline the relative measures are unknown, not zero", () => {
  const { eyeClosure, headPitch, movement, tenseRise, tense } = summarise(stretch(0, 5000), null);
  assert.deepEqual([eyeClosure, headPitch, movement, tenseRise], [null, null, null, null]);
  assert.equal(tense, 0.1);
});

test("eyes are closed against the person's own opening", () => {
  const half = (at) => frame(at, { openness: at % 500 ? 0.1 : 0.3 });
  assert.equal(summarise(stretch(0, 5000, half), usual).eyeClosure, 0.5);
  const narrow = (at) => frame(at, { openness: 0.14 });
  assert.equal(summarise(stretch(0, 5000, narrow), { ...usual, openness: 0.15 }).eyeClosure, 0);
});

test("the head's pitch is a change against the usual", () => {
  assert.equal(summarise(stretch(0, 5000, (at) => frame(at, { pitch: 20 })), usual).headPitch, 18);
});

test("movement is two-sided: stiller is below zero, more restless above", () => {
  const pace = (speed) => (at) => frame(at, { x: (at / 1000) * speed });
  const moved = (speed) => summarise(stretch(0, 5000, pace(speed)), usual).movement;
  assert.ok(Math.abs(moved(0.1)) < 0.01);
  assert.ok(Math.abs(moved(0.8) - 3) < 0.01);
  assert.ok(moved(0) < -2);
});

test("one wild picture moves no median", () => {
  const frames = stretch(0, 5000);
  frames[7] = frame(1750, { pitch: 80, tense: 1, x: 9 });
  const summary = summarise(frames, usual);
  assert.equal(summary.headPitch, 0);
  assert.equal(summary.tenseRise, 0);
});

test("quality falls with absence, distance, turning away, few pictures and a missing baseline", () => {
  const good = summarise(stretch(0, 5000), usual);
  const best = quality(good, 1);
  assert.ok(best > 0.9 && best <= 1);
  for (const worse of [{ presence: 0.4 }, { size: 0.08 }, { turned: 50 }, { frames: 2 }, { score: 0.4 }]) {
    assert.ok(quality({ ...good, ...worse }, 1) < 0.7 * best, JSON.stringify(worse));
  }
  assert.ok(quality(good, 0.9) < 0.4 * best);
  assert.equal(quality(summarise(stretch(0, 5000, nobody), usual), 1), 0);
});
