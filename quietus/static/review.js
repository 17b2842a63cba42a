// The reader's comfort: single keys, blur and calm, a claim that lasts while the page is open, a word about a break.
// Every page of the queue works without this file.
import { gettext, ngettext } from "./gettext.mjs";

const root = document.documentElement;
const find = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const say = (words) => {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = words;
};
const store = (name, value) => {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // storage may be forbidden: the wish then lasts for this page
  }
};
const stored = (name) => {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? {};
  } catch {
    return {};
  }
};

// ---- How you like to read
const comfort = find("[data-comfort]");
if (comfort) {
  comfort.hidden = false;
  for (const field of all("[data-pref]")) {
    const name = field.dataset.pref;
    if (field.type === "checkbox") field.checked = root.dataset[name] === "on";
    else field.value = root.dataset[name];
    field.addEventListener("change", () => {
      root.dataset[name] = field.type === "checkbox" ? (field.checked ? "on" : "off") : field.value;
      store("quietus-review", {
        blur: root.dataset.blur === "on",
        calm: root.dataset.calm === "on",
        keys: root.dataset.keys === "on",
        pause: root.dataset.pause,
      });
    });
  }
}

// ---- The blurred text and its button
const blur = find("[data-blur]:is(button)");
const showText = () => {
  const hidden = root.dataset.blur === "on" && root.dataset.shown !== "on";
  blur.hidden = root.dataset.blur !== "on";
  blur.setAttribute("aria-pressed", String(!hidden));
};
const turn = () => {
  if (!blur || root.dataset.blur !== "on") return;
  root.dataset.shown = root.dataset.shown === "on" ? "off" : "on";
  say(root.dataset.shown === "on" ? gettext("The text is shown.") : gettext("The text is blurred."));
};
if (blur) {
  blur.addEventListener("click", turn);
  new MutationObserver(showText).observe(root, { attributeFilter: ["data-blur", "data-shown"] });
  showText();
}

// ---- Single keys
const press = (selector) => {
  const found = find(selector);
  const button = found?.matches("form") ? found.querySelector("button[type=submit]") : found;
  button?.click();
  return Boolean(button);
};
const choose = (letter) => {
  const radio = find(`[data-key="${letter}"]`);
  if (!radio) return false;
  radio.checked = true;
  radio.scrollIntoView({ block: "nearest" });
  say(radio.labels[0].firstChild.textContent.trim());
  return true;
};
const step = (by) => {
  const buttons = all("[data-open]");
  if (!buttons.length) return false;
  const at = buttons.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : buttons.length - 1) : at + by;
  buttons[Math.max(0, Math.min(buttons.length - 1, next))].focus();
  return true;
};
const help = () => {
  if (!comfort) return false;
  comfort.open = true;
  comfort.querySelector("summary").focus();
  return true;
};
const keys = {
  n: () => press("form[data-next]"),
  j: () => step(1),
  k: () => step(-1),
  s: () => press("form[data-decision]"),
  r: () => press("form[data-release]"),
  u: () => press("form[data-undo]"),
  q: () => press("[data-queue]"),
  b: () => (turn(), true),
  "?": help,
};
const writing = (target) =>
  target.isContentEditable || target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
document.addEventListener("keydown", (event) => {
  if (root.dataset.keys !== "on" || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.isComposing || writing(event.target)) return;
  const act = keys[event.key.toLowerCase()] ?? (() => choose(event.key.toUpperCase()));
  if (event.key.length === 1 && act()) event.preventDefault();
});

// ---- One decision for one press
for (const form of all("[data-decision]")) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  // back from the next page, the form may be sent again; the desk knows whether it was decided
  window.addEventListener("pageshow", () => {
    sent = false;
  });
}

// ---- The item stays open with the reader while its page is in view
const item = find("[data-item]");
if (item) {
  const until = item.querySelector("[data-until] time");
  const form = item.querySelector("[data-decision]");
  const clock = new Intl.DateTimeFormat(root.lang, { dateStyle: "medium", timeStyle: "short" });
  const lost = (words) => {
    clearInterval(timer);
    const notice = document.createElement("div");
    notice.className = "notice notice-error";
    notice.setAttribute("role", "alert");
    notice.textContent = words;
    form.before(notice);
  };
  const renew = async () => {
    if (document.hidden) return;
    let answer;
    try {
      const token = form.querySelector("[name=csrf_token]").value;
      answer = await fetch(item.dataset.renew, { method: "POST", headers: { "X-CSRFToken": token }, redirect: "error" });
    } catch {
      return; // the network comes and goes; the next try is soon
    }
    if (answer.ok) {
      const moment = await answer.text();
      until.dateTime = moment;
      until.textContent = clock.format(new Date(moment));
    } else if (answer.status === 409) {
      lost(gettext("This item is not open with you any more. What you wrote stays here; saving it tells you how it stands."));
    }
  };
  const timer = setInterval(renew, (Number(item.dataset.minutes) * 60_000) / 3);
  document.addEventListener("visibilitychange", renew);
}

// ---- A word about a break: counted in this browser, forgotten after a pause of 20 minutes
const PAUSE_MS = 20 * 60_000;
const MINUTES = { 10: 30, 20: 60 };
const pause = find("[data-pause]:is(div)");
if (pause) {
  const now = Date.now();
  let work = stored("quietus-review-work");
  if (!work.last || now - work.last > PAUSE_MS) work = { began: now, items: 0, last: now };
  work.last = now;
  const decided = find("[data-decided]")?.dataset.decided;
  if (decided && decided !== work.newest) {
    work.items += 1;
    work.newest = decided;
  }
  store("quietus-review-work", work);
  const most = Number(root.dataset.pause);
  const minutes = Math.round((now - work.began) / 60_000);
  const due = most > 0 && work.items > 0 && (work.items >= most || minutes >= MINUTES[most]);
  if (due && !(work.later > now)) {
    const counts = { count: work.items, minutes };
    find("[data-pause-count]").textContent = ngettext("%(count)s item in %(minutes)s minutes", "%(count)s items in %(minutes)s minutes", work.items, counts);
    pause.hidden = false;
  }
  const close = (change) => {
    store("quietus-review-work", { ...work, ...change });
    pause.hidden = true;
  };
  find("[data-pause-over]").addEventListener("click", () => close({ began: Date.now(), items: 0, last: Date.now() }));
  find("[data-pause-later]").addEventListener("click", () => close({ later: Date.now() + PAUSE_MS }));
}
