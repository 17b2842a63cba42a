// From what the vision package found in one picture to the few numbers that a window is made of.
// Points are those of MediaPipe's face mesh, in pixels of the picture.

const NOSE_TIP = 1;
const EYES = [
  { upper: 159, lower: 145, outer: 33, inner: 133 },
  { upper: 386, lower: 374, outer: 263, inner: 362 },
];
// Only as a change against the person's own baseline does this sum say anything (facts: a calm face can reach .58).
const TENSE = new Set(["sad", "fear", "angry"]);
const DEGREES = 180 / Math.PI;

const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** Height of the open eyes against their width, both eyes' mean: about .3 open, .1 closed. */
function openness(mesh) {
  const each = EYES.map((eye) => distance(mesh[eye.upper], mesh[eye.lower]) / distance(mesh[eye.outer], mesh[eye.inner]));
  return (each[0] + each[1]) / 2;
}

/** `{at, face: false}`, or with a face its numbers. `width` is the picture's; `at` and `latency` are milliseconds. */
export function measure(face, { at, width, latency }) {
  if (!face?.rotation || !(face.box[2] > 0) || face.mesh.length < 468) return { at, latency, face: false };
  const [x, y] = face.mesh[NOSE_TIP];
  return {
    at,
    latency,
    face: true,
    score: face.score,
    size: face.box[2] / width,
    // in widths of the face, so that sitting further away does not look like moving less
    x: x / face.box[2],
    y: y / face.box[2],
    openness: openness(face.mesh),
    pitch: face.rotation.angle.pitch * DEGREES, // positive: the chin towards the chest
    yaw: face.rotation.angle.yaw * DEGREES,
    tense: (face.emotion ?? []).filter(({ emotion }) => TENSE.has(emotion)).reduce((sum, { score }) => sum + score, 0),
  };
}
