// The live page's beginning: ties its buttons to a session.
import { LiveSession } from "./session.mjs";
import { Server } from "./server.mjs";
import { View } from "./view.mjs";

const by = (id) => document.getElementById(id);
const root = by("live");
const form = by("consent");
const view = new View();
const server = new Server(root.dataset.api, root.dataset.token);
const newSession = () => new LiveSession({ server, view, video: by("video") });
let session = newSession();

function missing(really) {
  by("agree-problem").hidden = !really;
  by("agree").setAttribute("aria-invalid", String(really));
  if (really) by("agree").focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (root.dataset.state !== "consent") return; // a second click
  missing(!by("agree").checked);
  if (!by("agree").checked) return;
  session = newSession();
  void session.start({ session_type: by("session_type").value, consent: { version: root.dataset.notice, accepted: true } });
});
by("agree").addEventListener("change", () => missing(false));
by("stop").addEventListener("click", () => session.stop());
by("reopen").addEventListener("click", () => session.reopen());
by("again").addEventListener("click", () => window.location.reload());
by("cancel").addEventListener("click", () => session.cancel());
by("resume").addEventListener("click", () => session.resume());
by("hide-picture").addEventListener("click", () => {
  const hidden = by("video").classList.toggle("is-hidden");
  by("hide-picture").setAttribute("aria-pressed", String(hidden));
});

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && session.wake());
window.addEventListener("online", () => session.wake());
window.addEventListener("pagehide", () => session.leave());
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
window.addEventListener("beforeunload", (event) => {
  // what waits would be lost, so ask; never where somebody leaves quickly (app.js has blanked the page by then)
  if (session.queue?.waiting && session.queue.troubled && !document.body.hidden) event.preventDefault();
});

form.hidden = false;
