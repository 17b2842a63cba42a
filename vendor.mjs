// Copies the page assets that npm fetched into quietus/static/vendor/, where Flask serves them.
// Only what a page loads is copied, each with its licence. Pages load nothing from anywhere else.
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const project = dirname(fileURLToPath(import.meta.url));
const packages = join(project, "node_modules");
const target = join(project, "quietus", "static", "vendor");
const draft = `${target}.new`;

const assets = {
  "bootstrap/css/bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
  "bootstrap/js/bootstrap.bundle.min.js": "bootstrap/dist/js/bootstrap.bundle.min.js",
  "bootstrap/LICENSE": "bootstrap/LICENSE",
  "chart.js/chart.umd.min.js": "chart.js/dist/chart.umd.min.js",
  "chart.js/LICENSE.md": "chart.js/LICENSE.md",
  "htmx/htmx.min.js": "htmx.org/dist/htmx.min.js",
  "htmx/LICENSE": "htmx.org/LICENSE",
  "swagger-ui/swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
  "swagger-ui/swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
  "swagger-ui/swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt",
  "swagger-ui/LICENSE": "swagger-ui-dist/LICENSE",
  // the live page's vision: one module, four models, and the WebAssembly that runs them
  "human/human.esm.js": "@vladmandic/human/dist/human.esm.js",
  "human/LICENSE": "@vladmandic/human/LICENSE",
  "tfjs-backend-wasm/tfjs-backend-wasm.wasm": "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm",
  "tfjs-backend-wasm/tfjs-backend-wasm-simd.wasm": "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
  // that package names Apache-2.0 and brings no text of it; this is the same text, with no name filled in
  "tfjs-backend-wasm/LICENSE": "swagger-ui-dist/LICENSE",
};
for (const model of ["blazeface", "facemesh", "iris", "emotion"]) {
  for (const part of ["json", "bin"]) {
    assets[`human/models/${model}.${part}`] = `@vladmandic/human/models/${model}.${part}`;
  }
}

// The maps are not shipped: a page that names one makes the browser ask for what is not there.
const sourceMap = /\n?(\/\/# sourceMappingURL=\S+|\/\*# sourceMappingURL=[^*]+\*\/)\s*$/;

// Pictures inside a stylesheet are refused by the pages' content security policy; app.css brings the few that are needed.
const inlinePicture = /url\("data:[^"]*"\)/g;

rmSync(draft, { recursive: true, force: true });
for (const [name, source] of Object.entries(assets)) {
  const from = join(packages, source);
  const to = join(draft, name);
  mkdirSync(dirname(to), { recursive: true });
  if (/\.(css|js)$/.test(name)) {
    const text = readFileSync(from, "utf8").replace(sourceMap, "");
    writeFileSync(to, `${name.endsWith(".css") ? text.replace(inlinePicture, "none") : text}\n`);
  } else {
    copyFileSync(from, to);
  }
}
// All or nothing: a copy that was cut short never looks complete.
rmSync(target, { recursive: true, force: true });
renameSync(draft, target);
