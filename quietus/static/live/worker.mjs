// Looks at the pictures, away from the page: a picture comes in, is measured and thrown away; windows go out.
// It asks for the next picture when it is ready, so a slow machine is never behind. Timers run on in a hidden tab here.
import { Human } from "../vendor/human/human.esm.js";
import { Analyser } from "./analyser.mjs";
import { measure } from "./face.mjs";

const LEAST_MS = 200; // five pictures a second are enough, and spare the battery
const MOST_FAILURES = 5;
const MODELS = 4; // face, mesh, iris, expression
const FRESH = { skipFrames: 0, skipTime: 0 }; // each picture counts by itself, nothing is carried over

const human = new Human({
  // both set: the package's own defaults point to other people's servers
  modelBasePath: new URL("../vendor/human/models/", import.meta.url).href,
  wasmPath: new URL("../vendor/tfjs-backend-wasm/", import.meta.url).href,
  backend: "wasm",
  warmup: "none",
  debug: false,
  cacheModels: false, // leaves nothing in the browser's storage
  cacheSensitivity: 0,
  filter: { enabled: false },
  gesture: { enabled: false },
  face: {
    enabled: true,
    detector: { ...FRESH, maxDetected: 1, minConfidence: 0.4 },
    mesh: { enabled: true },
    iris: { enabled: true },
    emotion: { enabled: true, ...FRESH, minConfidence: 0.05 },
    description: { enabled: false }, // would compute an identity, an age and a gender
    antispoof: { enabled: false },
    liveness: { enabled: false },
  },
  body: { enabled: false },
  hand: { enabled: false },
  object: { enabled: false },
  segmentation: { enabled: false },
});
const analyser = new Analyser();
let failures = 0;
let asked = 0;

const fail = (reason) => self.postMessage({ type: "failed", reason });

function askForNext() {
  setTimeout(() => {
    asked = performance.now();
    self.postMessage({ type: "next" });
  }, Math.max(0, LEAST_MS - (performance.now() - asked)));
}

async function look({ picture, at }) {
  try {
    const result = await human.detect(picture);
    if (result.error) throw new Error(result.error);
    failures = 0;
    const frame = measure(result.face[0], { at, width: picture.width, latency: Date.now() - at });
    analyser.add(frame);
    self.postMessage({ type: "seen", face: frame.face });
  } catch (error) {
    failures += 1;
    if (failures >= MOST_FAILURES) fail(`${error}`);
  } finally {
    picture.close();
  }
}

self.addEventListener("message", async ({ data }) => {
  if (data.picture) await look(data);
  const window = analyser.tick(Date.now());
  if (window) self.postMessage({ type: "window", window });
  if (failures < MOST_FAILURES) askForNext();
});

try {
  await human.load();
  await human.tf.ready();
  // one that did not arrive is otherwise only missing, and every face with it
  if (human.models.stats().numLoadedModels < MODELS) throw new Error("a model could not be loaded");
  const backend = human.tf.getBackend();
  // without WebAssembly the package falls back silently to seconds for each picture
  if (backend !== "wasm") throw new Error(`backend ${backend} instead of wasm`);
  self.postMessage({ type: "ready", backend });
  askForNext();
} catch (error) {
  fail(`${error}`);
}
