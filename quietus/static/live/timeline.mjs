// Draws the table of a session's windows as a chart, anew when windows arrive. Without this file the table stands alone.
import { gettext } from "../gettext.mjs";

const LEVELS = ["UNKNOWN", "LOW", "MODERATE", "HIGH"];
const NAMES = { UNKNOWN: gettext("Nobody"), LOW: gettext("Low"), MODERATE: gettext("Moderate"), HIGH: gettext("High") };
const COLOURS = { UNKNOWN: "waiting", LOW: "low", MODERATE: "moderate", HIGH: "high" };

const SHARES = new Set(["confidence", "presence", "eye_closure"]);

const { lang } = document.documentElement;
const clock = new Intl.DateTimeFormat(lang, { timeStyle: "medium" });
const figure = new Intl.NumberFormat(lang, { maximumSignificantDigits: 6 });
const narrow = window.matchMedia("(max-width: 40rem)").matches;
let rows = [];
let measure = null;
let chart = null;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--q-${name}`).trim();

/** The measure's value in each row, null where it is not known. */
const values = (name) =>
  rows.map((row) => {
    const cell = row.querySelector(`[data-name="${name}"]`);
    return cell ? Number(cell.dataset.value) : null;
  });

function data() {
  const marks = rows.map((row) => colour(COLOURS[row.dataset.level]));
  return {
    labels: rows.map((row) => clock.format(new Date(row.dataset.at))),
    datasets: [
      {
        label: measure.selectedOptions[0].textContent,
        data: values(measure.value),
        yAxisID: "measure",
        borderColor: colour("teal"),
        borderDash: [5, 3],
        borderWidth: 2,
        pointRadius: 0,
        spanGaps: false,
      },
      {
        label: gettext("Priority for review"),
        data: rows.map((row) => LEVELS.indexOf(row.dataset.level)),
        yAxisID: "level",
        stepped: "middle",
        borderColor: colour("edge"),
        borderWidth: 1.5,
        pointBackgroundColor: marks,
        pointBorderColor: marks,
        pointStyle: rows.map((row) => (row.dataset.level === "UNKNOWN" ? "crossRot" : "rect")),
        pointRadius: narrow ? 3 : 4,
      },
    ],
  };
}

function options() {
  const text = { color: colour("soft") };
  const grid = { color: colour("line") };
  return {
    locale: lang,
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    scales: {
      x: { ticks: { ...text, autoSkip: true, maxTicksLimit: narrow ? 3 : 6, maxRotation: 0 }, grid: { display: false } },
      level: {
        min: -0.2,
        max: 3.2,
        afterBuildTicks: (axis) => (axis.ticks = LEVELS.map((_, value) => ({ value }))),
        ticks: { ...text, callback: (value) => NAMES[LEVELS[value]] },
        grid,
      },
      measure: { position: "right", ticks: { ...text, maxTicksLimit: 5 }, grid: { display: false }, ...range() },
    },
    plugins: {
      legend: { labels: { ...text, usePointStyle: true, pointStyle: "line" } },
      tooltip: { callbacks: { label: spoken } },
    },
  };
}

const spoken = ({ dataset, raw }) =>
  dataset.yAxisID === "level" ? NAMES[LEVELS[raw]] : `${dataset.label}: ${raw === null ? gettext("not known") : figure.format(raw)}`;

/** Shares keep the same axis whatever they are, so that two sessions can be compared. */
const range = () => (SHARES.has(measure.value) ? { min: 0, max: 1 } : {});

function localTimes() {
  for (const time of document.querySelectorAll("time[data-clock]")) {
    time.title = time.textContent;
    time.textContent = clock.format(new Date(time.dateTime));
    time.removeAttribute("data-clock");
  }
}

function redraw() {
  if (!chart) return;
  chart.data = data();
  chart.options = options();
  chart.update();
}

function draw() {
  localTimes();
  const chosen = measure?.value;
  measure = document.getElementById("measure");
  chart?.destroy();
  chart = null;
  if (!measure) return; // no window so far
  rows = [...document.querySelectorAll("#windows tbody tr")].reverse();
  if (chosen) measure.value = chosen;
  if (measure.selectedIndex < 0) measure.selectedIndex = 0; // no new window has that measure
  measure.addEventListener("change", redraw);
  document.getElementById("timeline-chart").hidden = false;
  chart = new Chart(document.querySelector(".timeline canvas"), { type: "line", data: data(), options: options() });
}

draw();
document.addEventListener("htmx:afterSettle", draw);
new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
