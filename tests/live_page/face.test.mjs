import assert from "node:assert/strict";
import { test } from "node:test";
import { measure } from "../../quietus/static/live/face.mjs";

const RADIANS = Math.PI / 180;

function found({ lid = 6, pitch = 0, emotion = [] } = {}) {
  const mesh = Array.from({ length: 478 }, () => [0, 0, 0]);
  mesh[1] = [160, 120, 0];
  for (const [upper, lower, outer, inner, x] of [[159, 145, 33, 133, 130], [386, 374, 263, 362, 190]]) {
    mesh[outer] = [x - 10, 100, 0];
    mesh[inner] = [x + 10, 100, 0];
    mesh[upper] = [x, 100 - lid / 2, 0];
    mesh[lower] = [x, 100 + lid / 2, 0];
  }
  const rotation = { angle: { pitch: pitch * RADIANS, yaw: -10 * RADIANS, roll: 0 } };
  return { score: 0.9, box: [110, 60, 80, 100], mesh, rotation, emotion };
}
const around = { at: 7, width: 320, latency: 90 };

test("an open eye, its head and place become numbers", () => {
  const frame = measure(found({ pitch: 15 }), around);
  assert.equal(frame.face, true);
  assert.ok(Math.abs(frame.openness - 0.3) < 1e-9);
  assert.ok(Math.abs(frame.pitch - 15) < 1e-9);
  assert.ok(Math.abs(frame.yaw + 10) < 1e-9);
  assert.equal(frame.size, 0.25);
  assert.equal(frame.x, 2);
});

test("closing the eyes makes the opening smaller", () => {
  assert.ok(measure(found({ lid: 1 }), around).openness < 0.06);
});

test("only sad, afraid and angry add up", () => {
  const emotion = [{ emotion: "sad", score: 0.3 }, { emotion: "angry", score: 0.2 }, { emotion: "happy", score: 0.4 }];
  assert.equal(measure(found({ emotion }), around).tense, 0.5);
});

test("no face, or half a result, is no face", () => {
  for (const nothing of [undefined, { ...found(), rotation: null }, { ...found(), mesh: [] }, { ...found(), box: [0, 0, 0, 0] }]) {
    assert.deepEqual(measure(nothing, around), { at: 7, latency: 90, face: false });
  }
});

test("nothing leaves but plain numbers: no mesh, no picture", () => {
  const kinds = new Set(Object.values(measure(found(), around)).map((value) => typeof value));
  assert.deepEqual([...kinds].sort(), ["boolean", "number"]);
});
