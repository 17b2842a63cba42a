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
};

// The maps are not shipped: a page that names one makes the browser ask for what is not there.
const sourceMap = /\n?(\/\/# sourceMappingURL=\S+|\/\*# sourceMappingURL=[^*]+\*\/)\s*$/;

rmSync(draft, { recursive: true, force: true });
for (const [name, source] of Object.entries(assets)) {
  const from = join(packages, source);
  const to = join(draft, name);
  mkdirSync(dirname(to), { recursive: true });
  if (/\.(css|js)$/.test(name)) {
    writeFileSync(to, `${readFileSync(from, "utf8").replace(sourceMap, "")}\n`);
  } else {
    copyFileSync(from, to);
  }
}
// All or nothing: a copy that was cut short never looks complete.
rmSync(target, { recursive: true, force: true });
renameSync(draft, target);
