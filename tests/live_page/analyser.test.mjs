import assert from "node:assert/strict";
import { test } from "node:test";
import { Analyser } from "../../quietus/static/live/analyser.mjs";
import { buildEvent } from "../../quietus/static/live/event.mjs";
import { frame, nobody, stretch } from "./frames.mjs";

function windows(...frames) {
  const analyser = new Analyser();
  const found = [];
  for (const each of frames.flat()) {
    analyser.add(each);
    const window = analyser.tick(each.at);
    if (window) found.push(window);
  }
  return found;
}
const troubled = (at) => frame(at, { openness: 0.05, pitch: 30, tense: 0.9 });

test("eight seconds of a face, then nobody: low, then UNKNOWN", () => {
  const found = windows(stretch(0, 10_000), stretch(10_000, 21_000, nobody));
  assert.deepEqual(found.map(({ level }) => level), ["LOW", "LOW", "UNKNOWN", "UNKNOWN"]);
  assert.deepEqual(found.map(({ presence }) => Math.round(presence)), [1, 1, 0, 0]);
});

test("a change against the learnt baseline escalates; the same face from the start does not", () => {
  assert.equal(windows(stretch(0, 40_000), stretch(40_000, 60_000, troubled)).at(-1).level, "HIGH");
  assert.ok(windows(stretch(0, 60_000, troubled)).slice(5).every(({ level }) => level !== "HIGH"));
});

test("after an absence the level starts low again", () => {
  const found = windows(stretch(0, 40_000), stretch(40_000, 60_000, troubled), stretch(60_000, 75_000, nobody), stretch(75_000, 81_000));
  assert.equal(found.at(-1).level, "LOW");
  assert.ok(found.at(-1).progress < 1);
});

test("a stretch without any picture is no window, and the next picture opens one", () => {
  const analyser = new Analyser();
  for (const each of stretch(0, 5250)) analyser.add(each);
  assert.ok(analyser.tick(5250));
  assert.equal(analyser.tick(60_000), null);
  analyser.add(frame(70_000));
  assert.equal(analyser.tick(70_250), null);
  for (const each of stretch(70_250, 75_250)) analyser.add(each);
  assert.equal(analyser.tick(75_250).frames, 21);
});

test("every event is small and holds documented names only", () => {
  const names = ["presence", "eye_closure", "head_pitch", "movement", "expression", "baseline", "face_score", "face_size", "head_turn", "frames"];
  const made = windows(stretch(0, 40_000), stretch(40_000, 50_000, troubled), stretch(50_000, 60_000, nobody)).map((window) =>
    buildEvent(window, { id: "0d9fbd4e-6b6e-4c07-9a53-0f4c1b6f2f11", at: 1_790_000_000_123 + window.at }),
  );
  for (const event of made) {
    assert.ok(JSON.stringify(event).length <= 527, JSON.stringify(event));
    assert.deepEqual(Object.keys(event.signals).filter((name) => !names.includes(name)), []);
    assert.match(event.event_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Number.isInteger(event.latency_ms) && event.confidence >= 0 && event.confidence <= 1);
    assert.ok(event.model_version.length <= 64);
  }
  assert.ok("eye_closure" in made[6].signals && !("eye_closure" in made[0].signals));
});
