import assert from "node:assert/strict";
import { test } from "node:test";
import { firstBatch, MOST_BYTES, MOST_EVENTS, SendQueue } from "../../quietus/static/live/queue.mjs";

const event = (number) => ({ id: `id-${number}`, signals: { presence: 1 }, note: "x".repeat(450) });
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A queue before a made-up server: `answers` come one by one, then 200 for ever. Timers run by `due`. */
function bench(...answers) {
  const sent = [];
  const timers = [];
  const queue = new SendQueue({
    send: async (events) => {
      sent.push(events.map(({ id }) => id));
      return answers.shift() ?? { status: 200 };
    },
    schedule: (what, ms) => timers.push({ what, ms }) && what,
    cancel: (what) => timers.splice(timers.findIndex((timer) => timer.what === what), 1),
  });
  const due = async () => {
    timers[0].what();
    await settled();
  };
  return { queue, sent, timers, due };
}

test("an event goes out at once and is forgotten once stored", async () => {
  const { queue, sent } = bench();
  queue.add(event(1));
  assert.equal(queue.waiting, 1);
  await settled();
  assert.deepEqual([sent, queue.waiting, queue.stored], [[["id-1"]], 0, 1]);
});

test("a lost network loses nothing: the same ids go out again, in order", async () => {
  const { queue, sent, timers, due } = bench({ status: 0 }, { status: 503 });
  queue.add(event(1));
  await settled();
  queue.add(event(2));
  await settled();
  assert.deepEqual([sent.length, queue.waiting, queue.troubled], [1, 2, true]);
  await due();
  await due();
  assert.deepEqual(sent, [["id-1"], ["id-1", "id-2"], ["id-1", "id-2"]]);
  assert.deepEqual([queue.waiting, queue.stored, queue.troubled, timers.length], [0, 2, false, 0]);
});

test("it waits longer each time, at most half a minute, and as long as the server asks", async () => {
  const { queue, timers, due } = bench(...Array(7).fill({ status: 0 }), { status: 429, retryAfterMs: 90_000 });
  queue.add(event(1));
  await settled();
  const waits = [];
  for (let i = 0; i < 7; i += 1) {
    waits.push(timers[0].ms);
    await due();
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  assert.equal(timers[0].ms, 90_000);
});

test("when the network is said to be back it does not wait", async () => {
  const { queue, timers } = bench({ status: 0 });
  queue.add(event(1));
  await settled();
  queue.retryNow();
  await settled();
  assert.deepEqual([queue.waiting, timers.length], [0, 0]);
});

test("a refusal stops it with the server's word and keeps the events until it is resumed", async () => {
  const { queue, sent } = bench({ status: 401, detail: "Please sign in." });
  queue.add(event(1));
  await settled();
  queue.add(event(2));
  await settled();
  assert.deepEqual(queue.refused, { status: 401, detail: "Please sign in." });
  assert.deepEqual([sent.length, queue.waiting], [1, 2]);
  queue.resume();
  await settled();
  assert.deepEqual([queue.refused, queue.waiting, queue.stored], [null, 0, 2]);
});

test("a backlog goes out in bodies of at most 4 KB", async () => {
  const { queue, sent, due } = bench({ status: 0 });
  for (let i = 0; i < 40; i += 1) queue.add(event(i));
  await settled();
  await due();
  assert.equal(queue.stored, 40);
  assert.ok(sent.length > 5);
  assert.deepEqual(sent.slice(1).flat(), Array.from({ length: 40 }, (_, i) => `id-${i}`));
});

test("a body holds what fits, counted as it is sent, and always one", () => {
  const many = Array.from({ length: 40 }, (_, i) => event(i));
  const batch = firstBatch(many);
  assert.ok(JSON.stringify({ events: batch }).length <= MOST_BYTES);
  assert.ok(JSON.stringify({ events: many.slice(0, batch.length + 1) }).length > MOST_BYTES);
  assert.equal(firstBatch([{ id: "x".repeat(5000) }]).length, 1);
});

test("two sends never run at once", async () => {
  let running = 0;
  let most = 0;
  const queue = new SendQueue({
    send: async () => {
      most = Math.max(most, (running += 1));
      await settled();
      running -= 1;
      return { status: 200 };
    },
  });
  for (let i = 0; i < 30; i += 1) queue.add(event(i));
  while (queue.waiting) await settled();
  assert.equal(most, 1);
  assert.equal(queue.stored, 30);
});

test("it is bounded, gives up the oldest and says how many", async () => {
  const { queue, due } = bench({ status: 0 });
  for (let i = 0; i < MOST_EVENTS + 3; i += 1) queue.add(event(i));
  await settled();
  assert.deepEqual([queue.waiting, queue.dropped], [MOST_EVENTS, 3]);
  await due();
  assert.equal(queue.stored, MOST_EVENTS);
});
