// What a page does beyond plain HTML. Every page works without this file.
import { gettext } from "./gettext.mjs";

{
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // ---- Say something to a screen reader without moving the focus
  const announcer = document.getElementById("announcer");
  const announce = (words) => {
    if (announcer && words) announcer.textContent = words;
  };

  // ---- Leave quickly: one click, or Esc twice within a second
  const exit = document.querySelector("[data-exit]");
  const leave = () => {
    document.body.hidden = true; // nothing readable while the next page loads
    window.location.replace(exit.href); // this page is not left behind in the history
  };
  let lastEscape = -Infinity;
  if (exit) {
    exit.addEventListener("click", (event) => {
      event.preventDefault();
      leave();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.repeat) return;
      if (event.timeStamp - lastEscape < 1000) leave();
      lastEscape = event.timeStamp;
    });
    // Back from elsewhere must not bring the blanked page back
    window.addEventListener("pageshow", (event) => {
      if (event.persisted && document.body.hidden) window.location.reload();
    });
  }

  // ---- Light and dark
  const theme = document.querySelector("[data-theme-switch]");
  if (theme) {
    const show = () => {
      const dark = root.dataset.bsTheme === "dark";
      theme.setAttribute("aria-pressed", String(dark));
    };
    theme.hidden = false;
    theme.addEventListener("click", () => {
      root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
      try {
        localStorage.setItem("quietus-theme", root.dataset.bsTheme);
      } catch {
        // storage may be forbidden: the choice then lasts for this page
      }
    });
    new MutationObserver(show).observe(root, { attributeFilter: ["data-bs-theme"] });
    show();
  }

  // ---- Times: the server writes UTC, a reader thinks in local time
  const local = new Intl.DateTimeFormat(root.lang, { dateStyle: "medium", timeStyle: "short" });
  const localTimes = (from) => {
    for (const time of all("time[data-local]", from)) {
      time.title = time.textContent.trim();
      time.textContent = local.format(new Date(time.dateTime));
      time.removeAttribute("data-local");
    }
  };
  localTimes(document);

  // ---- Errors: start the reader where the problems are listed
  document.querySelector("[data-focus-first]")?.focus();

  // ---- Passwords may be looked at
  for (const button of all("[data-show-password]")) {
    const field = document.getElementById(button.getAttribute("aria-controls"));
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
      announce(shown ? gettext("Your password is visible.") : gettext("Your password is hidden."));
    });
    // a visible password must not be offered by the browser as ordinary text next time
    field.form?.addEventListener("submit", () => {
      field.type = "password";
    });
  }

  // ---- Counting what is written; spoken only when the writing pauses and it matters
  for (const field of all("[data-count-min]")) {
    const least = Number(field.dataset.countMin);
    const most = Number(field.dataset.countMax);
    const shown = document.getElementById(field.dataset.countShow);
    const number = new Intl.NumberFormat(root.lang);
    let pause;
    const words = () => {
      // characters as the server counts them: code points of the trimmed, composed text
      const length = [...field.value.replace(/\r\n/g, "\n").trim().normalize("NFC")].length;
      shown.classList.toggle("is-over", length > most);
      if (length > most) return [gettext("%(count)s characters too many", { count: number.format(length - most) }), true];
      if (length < least && length > 0) return [gettext("At least %(count)s characters are needed", { count: number.format(least) }), true];
      const counts = { count: number.format(length), most: number.format(most) };
      return [gettext("%(count)s of %(most)s characters", counts), most - length <= 200];
    };
    const count = () => {
      const [text, matters] = words();
      shown.textContent = text;
      clearTimeout(pause);
      if (matters && field.value) pause = setTimeout(() => announce(text), 1200);
    };
    shown.hidden = false;
    field.addEventListener("input", count);
    count();
  }

  // ---- Copy what is shown only once
  for (const button of all("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(field.value);
        button.textContent = gettext("Copied");
        announce(gettext("Copied."));
      } catch {
        field.select(); // no clipboard without https: leave it selected for Ctrl-C
        announce(gettext("Selected. Copy it with your keyboard."));
      }
    });
  }

  // ---- A result that arrives by itself
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    if (xhr.status === 204) return; // nothing has changed
    const next = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("[data-state]");
    if (!next) {
      // the sign-in has ended, or something else answered: show it whole instead of inside this page
      event.detail.shouldSwap = false;
      if (xhr.status < 400) window.location.reload();
      return;
    }
    // still the same state: leave the page alone, so that nothing is read out twice
    if (next.dataset.state === target.dataset.state) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSettle", () => {
    const now = document.querySelector("[data-state]");
    if (!now) return;
    localTimes(now);
    announce(now.dataset.announce);
    if (now.dataset.title) document.title = now.dataset.title;
  });
}
