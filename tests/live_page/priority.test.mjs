import assert from "node:assert/strict";
import { test } from "node:test";
import { groups, Priority } from "../../quietus/static/live/priority.mjs";

const calm = { presence: 1, eyeClosure: 0, headPitch: 0, movement: 0, tense: 0.1, tenseRise: 0 };
const body = { ...calm, eyeClosure: 1, headPitch: 40 };
const still = { ...calm, movement: -4 };
const restless = { ...calm, movement: 4 };
const tense = { ...calm, tenseRise: 0.9 };
const both = { ...calm, eyeClosure: 1, tenseRise: 0.9 };

const levels = (...summaries) => {
  const priority = new Priority();
  return summaries.flat().map((each) => priority.next(each));
};
const times = (count, summary) => Array(count).fill(summary);

test("calm windows stay low", () => {
  assert.deepEqual(levels(times(3, calm)), ["LOW", "LOW", "LOW"]);
});

test("no single group ever reaches HIGH", () => {
  for (const alone of [body, still, restless, tense]) assert.ok(!levels(times(20, alone)).includes("HIGH"));
});

test("body or movement alone stays low: whoever reads a letter looks down and sits still", () => {
  for (const alone of [body, still, restless]) assert.deepEqual(new Set(levels(times(20, alone))), new Set(["LOW"]));
});

test("expression is capped and counts only as a change", () => {
  assert.equal(groups({ ...calm, tenseRise: 1 }).expression, 0.4);
  assert.equal(groups({ ...calm, tense: 0.99, tenseRise: 0.05 }).expression, 0);
});

test("eyes and head are one group", () => {
  assert.equal(groups(body).body, groups({ ...calm, eyeClosure: 1 }).body);
});

test("two groups escalate to moderate after two windows, to high after three", () => {
  assert.deepEqual(levels(times(4, both)), ["LOW", "MODERATE", "HIGH", "HIGH"]);
});

test("one odd window escalates nothing", () => {
  assert.deepEqual(new Set(levels(calm, both, calm, both, calm, calm)), new Set(["LOW"]));
});

test("it falls step by step, only after three windows, and not at the edge", () => {
  const edge = { ...calm, eyeClosure: 1, tenseRise: 0.15 + 0.45 * 0.55 }; // 0.52: below RISE, above HOLD
  assert.deepEqual(levels(times(3, both), times(5, edge)).slice(3), times(5, "HIGH"));
  const falling = levels(times(3, both), times(6, calm)).slice(3);
  assert.deepEqual(falling, ["HIGH", "HIGH", "MODERATE", "MODERATE", "MODERATE", "LOW"]);
});

test("nobody visible is UNKNOWN at once and never LOW, whatever else is measured", () => {
  for (const presence of [0, 0.29]) assert.deepEqual(levels({ ...both, presence }), ["UNKNOWN"]);
  assert.deepEqual(levels({ ...calm, presence: 0.3 }), ["LOW"]);
});

test("windows before and after an empty one do not add up", () => {
  assert.deepEqual(levels(both, { ...calm, presence: 0 }, both), ["LOW", "UNKNOWN", "LOW"]);
});

test("reset forgets", () => {
  const priority = new Priority();
  for (const each of times(3, both)) priority.next(each);
  priority.reset();
  assert.equal(priority.next(both), "LOW");
});

test("without a baseline only a very strong expression counts, and not for high", () => {
  const early = { presence: 1, eyeClosure: null, headPitch: null, movement: null, tenseRise: null, tense: 0.55 };
  assert.deepEqual(new Set(levels(times(9, early))), new Set(["LOW"]));
  assert.equal(levels(times(9, { ...early, tense: 1 })).at(-1), "MODERATE");
});
