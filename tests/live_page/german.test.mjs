import "../../quietus/static/words/de.js"; // first: modules look their sentences up when they are loaded
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { whyNot } from "../../quietus/static/live/camera.mjs";
import { SAID, Server } from "../../quietus/static/live/server.mjs";
import { MEANING, network } from "../../quietus/static/live/words.mjs";

const queue = { waiting: 0, troubled: false, refused: null, stored: 0, dropped: 0 };

test("the live page speaks German, in one and in many", () => {
  assert.match(MEANING.LOW, /heißt nicht, dass es dir gut geht/);
  assert.equal(network({ ...queue, stored: 5, waiting: 2 }).text, "5 Zeitfenster, 2 sind noch unterwegs.");
  assert.match(network({ ...queue, waiting: 1, troubled: true }).text, /1 Zeitfenster wartet; es bleibt/);
  assert.match(network({ ...queue, waiting: 3, troubled: true }).text, /3 Zeitfenster warten; sie bleiben/);
  assert.match(whyNot({ name: "NotFoundError" }), /keine Kamera/);
});

test("what the server says in English is said in German; what is not known stays", async (t) => {
  const answers = ["Please sign in.", "Bitte warte."];
  const desk = createServer((_, answer) => answer.writeHead(401).end(JSON.stringify({ detail: answers.shift() })));
  t.after(() => desk.close());
  await new Promise((listening) => desk.listen(0, "127.0.0.1", listening));
  const server = new Server(`http://127.0.0.1:${desk.address().port}`, "token");
  assert.equal((await server.start({})).detail, "Bitte melde dich an.");
  assert.equal((await server.start({})).detail, "Bitte warte.");
  for (const sentence of SAID) assert.ok(globalThis.quietusWords[sentence], sentence);
});
