// Blur and calm hold before the first paint: a text must not flash up first. Blocking on purpose.
(() => {
  "use strict";
  const root = document.documentElement;
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem("quietus-review")) ?? {};
  } catch {
    // storage forbidden or damaged: the plain view
  }
  const wish = { blur: false, calm: false, keys: true, pause: "20", ...kept };
  for (const name of ["blur", "calm", "keys"]) root.dataset[name] = wish[name] ? "on" : "off";
  root.dataset.pause = wish.pause;
})();
