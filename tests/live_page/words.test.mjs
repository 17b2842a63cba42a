import assert from "node:assert/strict";
import { test } from "node:test";
import { MEANING, network, SPOKEN } from "../../quietus/static/live/words.mjs";

const queue = { waiting: 0, troubled: false, refused: null, stored: 0, dropped: 0 };

test("each level has its words, and none calls low safe or somebody ill", () => {
  for (const level of ["LOW", "MODERATE", "HIGH", "UNKNOWN"]) assert.ok(MEANING[level] && SPOKEN[level]);
  assert.match(MEANING.LOW, /not the same as being well/);
  assert.doesNotMatch(Object.values(MEANING).join(" "), /\b(safe|danger|depress|suicid)/i);
});

test("it says how many windows wait and that they are kept", () => {
  const { calm, text } = network({ ...queue, waiting: 12, troubled: true, stored: 3 });
  assert.equal(calm, false);
  assert.match(text, /12 windows wait to be sent; they are kept in this tab/);
  assert.match(network({ ...queue, waiting: 1, troubled: true }).text, /1 window waits to be sent; it is kept/);
});

test("a refusal is told with the server's reason, signing out with what to do", () => {
  assert.match(network({ ...queue, waiting: 2, refused: { status: 409, detail: "It ended." } }).text, /It ended\. 2 windows stay/);
  assert.match(network({ ...queue, waiting: 2, refused: { status: 401, detail: "" } }).text, /signed out.*try again/);
});

test("what was given up is never hidden", () => {
  assert.match(network({ ...queue, stored: 9, dropped: 3 }).text, /3 windows had to be given up/);
});

test("when all is well it is short", () => {
  assert.equal(network({ ...queue, stored: 5 }).text, "5 windows, nothing waits.");
  assert.equal(network(queue).text, "nothing yet");
});
