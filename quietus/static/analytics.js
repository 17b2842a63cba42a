// Draws each figure's chart from the numbers of its own table, in the colours of the theme. Pages work without it.
(() => {
  "use strict";
  const root = document.documentElement;
  const charts = new Map(); // by their boxes
  const quiet = window.matchMedia("(prefers-reduced-motion: reduce)");
  const phone = window.matchMedia("(max-width: 40rem)");

  // the priorities keep their colours; other series take the next free one
  const COLOURS = { low: "--q-low", moderate: "--q-moderate", high: "--q-high", unknown: "--q-waiting" };
  const OTHERS = ["--q-teal", "--q-amber", "--q-failed", "--q-low", "--q-waiting"];
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const priority = (column) => Object.keys(COLOURS).find((name) => column.endsWith(name));

  // told apart without colour too: HIGH hatched, MODERATE dotted, LOW plain
  const fill = (column, ink) => {
    const kind = priority(column);
    if (kind !== "high" && kind !== "moderate") return ink;
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.fillStyle = ink;
    pen.fillRect(0, 0, 8, 8);
    pen.fillStyle = pen.strokeStyle = colour("--q-surface");
    if (kind === "high") {
      pen.lineWidth = 1.5;
      pen.beginPath();
      for (const at of [-8, 0, 8]) {
        pen.moveTo(at, 8);
        pen.lineTo(at + 8, 0);
      }
      pen.stroke();
    } else {
      pen.fillRect(3, 3, 2, 2);
    }
    return pen.createPattern(tile, "repeat");
  };

  const read = (box) => {
    const table = box.parentElement.querySelector("[data-figure-table]");
    const rows = [...table.tBodies[0].rows];
    const labels = rows.map((row) =>
      [...row.querySelectorAll("th, [data-key]")].map((cell) => cell.textContent.trim()).join(" "),
    );
    const series = box.dataset.series.split(" ").map((column) => ({
      column,
      name: table.querySelector(`thead [data-column="${column}"]`).textContent.trim(),
      values: rows.map((row) => {
        const text = row.querySelector(`td[data-column="${column}"]`).dataset.value;
        return text === "" ? null : Number(text);
      }),
    }));
    return { labels, series };
  };

  const build = (box) => {
    const { labels, series } = read(box);
    const stacked = box.dataset.chart === "stacked" || series.every(({ column }) => priority(column));
    // few bars with long names lie, so that the names can be read
    const lying = box.dataset.chart === "bars" && (phone.matches || Math.max(...labels.map((it) => it.length)) > 12);
    const text = colour("--q-soft");
    const line = colour("--q-line");
    const numbers = { beginAtZero: true, stacked, grid: { color: line }, ticks: { color: text, maxTicksLimit: 6 } };
    const names = { stacked, grid: { display: false }, ticks: { color: text, maxRotation: 0, autoSkipPadding: 12 } };
    const datasets = series.map(({ column, name, values }, place) => {
      const ink = colour(COLOURS[priority(column)] ?? OTHERS[place % OTHERS.length]);
      return { label: name, data: values, backgroundColor: fill(column, ink), borderColor: ink, borderWidth: 1 };
    });
    return new window.Chart(box.querySelector("canvas"), {
      type: "bar",
      data: { labels, datasets },
      options: {
        animation: quiet.matches ? false : { duration: 250 },
        indexAxis: lying ? "y" : "x",
        locale: root.lang,
        maintainAspectRatio: false,
        font: { family: getComputedStyle(document.body).fontFamily },
        scales: lying ? { x: numbers, y: names } : { x: names, y: numbers },
        plugins: { legend: { display: series.length > 1, labels: { color: text, boxWidth: 18 } } },
      },
    });
  };

  const draw = (box) => {
    charts.get(box)?.destroy();
    charts.set(box, build(box));
  };

  // each when it comes into view: ten at once would hold a phone up before it answers a finger
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        draw(target);
      }
    },
    { rootMargin: "200px" },
  );
  for (const box of document.querySelectorAll("[data-chart]")) {
    box.hidden = false;
    seen.observe(box);
  }
  window.addEventListener("beforeprint", () => {
    for (const box of document.querySelectorAll("[data-chart]")) {
      if (!charts.has(box)) draw(box);
    }
  });
  // the switch between light and dark draws them anew
  new MutationObserver(() => [...charts.keys()].forEach(draw)).observe(root, { attributeFilter: ["data-bs-theme"] });

  // the reader's own zone, where the browser tells it
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = document.getElementById("zones");
  if (zone && zones && zone !== "UTC") zones.append(new Option(zone, zone));
})();
