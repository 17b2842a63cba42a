// What the live page shows. It knows the page's elements and no camera, server or worker.
import { gettext } from "../gettext.mjs";
import { elapsed } from "./clock.mjs";
import { MEANING, network, SPOKEN, STOPPED, windows } from "./words.mjs";

const by = (id) => document.getElementById(id);
/** Writes only what is new, so that nothing is read out or laid out twice. */
const say = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

export class View {
  #root = by("live");
  #level = null;
  #spoken = null;
  #calm = true;

  starting() {
    this.#step("starting");
    this.problem("");
    by("cancel").focus();
    say(by("starting-words"), gettext("Waiting for the camera. Your browser may ask you to allow it."));
  }

  loading = () => say(by("starting-words"), gettext("The camera is on. Loading the analysis, about 8 MB the first time."));

  backend = (name) => (this.#root.dataset.backend = name);

  running(id) {
    this.#root.dataset.session = id;
    this.#step("running");
    this.#announce(gettext("Analysis is on. The camera picture stays on this device."));
    by("stop").focus();
  }

  /** Nothing runs; the person may start (again). */
  refused(words) {
    this.#step("consent");
    this.problem(words);
    by(words ? "problem" : "start").focus();
  }

  stopping(why) {
    this.#step("stopping");
    for (const notice of ["silent", "lost"]) by(notice).hidden = true;
    if (why) this.problem(STOPPED[why]);
    say(by("stopping-words"), gettext("The camera is off. Telling the server."));
  }

  unreachable() {
    say(by("stopping-words"), gettext("The camera is off. The server cannot be reached: it hears of the end as soon as it answers, if this tab stays open."));
  }

  ended(id, queue) {
    this.#step("ended");
    by("ended-link").href = `${this.#root.dataset.sessions}/${id}`;
    this.network(queue);
    this.#announce(gettext("The session has ended. The camera is off."));
    by("ended-title").focus();
  }

  window({ level, confidence, progress, presence }) {
    if (level !== this.#level) {
      by("level").replaceChildren(by(`mark-${level}`).content.cloneNode(true));
      say(by("meaning"), MEANING[level]);
      by("call").hidden = level !== "HIGH";
    }
    // spoken when it lasts for a second window: a face at the edge of the picture must not make this page chatter
    if (level !== this.#spoken && (level === this.#level || level === "HIGH")) {
      this.#announce(SPOKEN[level]);
      this.#spoken = level;
    }
    this.#level = level;
    say(by("quality"), presence < 0.3 ? gettext("no face") : `${Math.round(confidence * 100)} %`);
    by("learning").hidden = progress >= 1;
    by("learnt").value = progress;
  }

  seen = (face) => say(by("face"), face ? gettext("yes") : gettext("no"));

  elapsed = (ms) => say(by("elapsed"), elapsed(ms));

  /** No pictures come: the tab is hidden, or the camera covered or held back by the system. */
  silent(really) {
    by("silent").hidden = !really;
  }

  cameraLost(words = gettext("The camera went away, so nothing is analysed. Connect it again, then continue.")) {
    say(by("lost-words"), words);
    by("lost").hidden = false;
    this.#announce(words);
  }

  cameraBack() {
    by("lost").hidden = true;
    this.#announce(gettext("The camera is back."));
  }

  /** `events` go to the server now. */
  sent(events) {
    say(by("json"), JSON.stringify({ events }, null, 2));
  }

  network(queue) {
    const { calm, text } = network(queue);
    for (const element of document.querySelectorAll("[data-network]")) say(element, calm ? text : windows(queue.stored));
    by("trouble").hidden = calm;
    by("resume").hidden = !queue.refused;
    say(by("trouble-words"), calm ? "" : text);
    if (calm !== this.#calm) this.#announce(calm ? gettext("Everything is sent again.") : text);
    this.#calm = calm;
  }

  problem(words) {
    say(by("problem"), words);
    by("problem").hidden = !words;
  }

  /** Show the elements of this step only. */
  #step(name) {
    this.#root.dataset.state = name;
    for (const element of document.querySelectorAll("[data-step]")) {
      element.hidden = !element.dataset.step.split(" ").includes(name);
    }
  }

  #announce = (words) => say(by("announcer"), words);
}
