// Sets light or dark before the first paint. Blocking on purpose: later would flash. Remembered in this browser only.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const remembered = () => {
    try {
      return localStorage.getItem("quietus-theme");
    } catch {
      return null; // storage may be forbidden: follow the system
    }
  };
  const apply = () => {
    root.dataset.bsTheme = remembered() ?? (dark.matches ? "dark" : "light");
  };
  apply();
  root.dataset.js = "on";
  dark.addEventListener("change", apply);
  // paper is white
  window.addEventListener("beforeprint", () => {
    root.dataset.bsTheme = "light";
  });
  window.addEventListener("afterprint", apply);
})();
