// The static site: fetches the run in the address, and hands it to the film. Nothing here asks another host.

import { mount } from "../../film/js/mount.js";
import { make } from "../../film/js/kit/dom.js";
import { mountPanels } from "../../film/js/places.js";
import { encodeMessage, registry } from "../../film/js/kit/registry.js";
import { showCases } from "./cases.js";
import { fetched, named, onTheme, query, rememberInAddress, run, runs, sayNotFetched } from "./runs.js";

/** @import { SiteRun } from "./runs.js" */

/** @param {string | null} text @returns {number | null} */
export function stepFrom(text) {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : null;
}

const MOST_RIVALS = 3;

/** The runs that stand beside each other: those in the address that are here, and others until there are two. */
function rivals() {
  const ids = query.get("runs")?.split(",") ?? [run.id];
  const found = [...new Set(ids)].flatMap((id) => runs.find((one) => one.id === id) ?? []).slice(0, MOST_RIVALS);
  return [...found, ...runs.filter((one) => !found.includes(one))].slice(0, Math.max(2, found.length));
}

/** The step in the address is the one in view. @param {{ step: number, panels: string[] }} view @param {string[]} usual
 * @param {SiteRun[]} shown */
function remember({ step, panels }, usual, shown) {
  const /** @type {Record<string, string>} */ who = shown.length > 1 ? { runs: shown.map(({ id }) => id).join(",") } : { run: run.id };
  rememberInAddress({ ...who, step: String(step), panels: panels.join() === usual.join() ? "" : panels.join(",") });
}

/** @param {HTMLElement} place */
async function showFilm(place) {
  const usual = (place.dataset.panels ?? "").split(",").filter(Boolean);
  const panels = query.get("panels")?.split(",") ?? usual;
  const key = "film", layout = place.dataset.layout ?? "full", shown = layout === "several" ? rivals() : [run];
  const step = stepFrom(query.get("step")) ?? run.start;
  const moments = place.dataset.tour === undefined ? [] : run.tour;
  const ids = shown.length > 1 ? { ids: shown.map(({ film }) => film) } : {};
  const control = { key, id: run.film, ...ids, seq: 0, step, panels, layout, moments };
  const component = {
    parentElement: place,
    setStateValue: (/** @type {string} */ _, /** @type {any} */ view) => remember(view, usual, shown),
    setTriggerValue: async (/** @type {string} */ _, /** @type {string} */ need) => {
      const of = shown.find(({ film }) => need === `${film}/maps`) ?? run;
      if (need.endsWith("maps")) mount({ ...component, data: encodeMessage(control, [await fetched(of.maps)]) });
    },
  };
  try {
    mount({ ...component, data: encodeMessage(control, await Promise.all(shown.map(({ core }) => fetched(core)))) });
    place.style.minHeight = "0";
    const [from, to] = ["from", "to"].map((name) => stepFrom(query.get(name)));
    if (from !== null && to !== null) registry.films.get(key)?.playBetween(from, to);
  } catch (error) {
    sayNotFetched(place, error);
    return;
  }
  onTheme(() => mount({ ...component, data: null }));
}

/** Panels beside a text, driven by the film above, and who hears what is chosen in them; what ends them.
 * @param {HTMLElement} place @param {(chosen: any) => void} [pick] */
function showPanels(place, pick = () => {}) {
  const data = { ...JSON.parse(place.dataset.told ?? "{}"), film: "film" };
  const component = { data, parentElement: place, setTriggerValue: (/** @type {string} */ _, /** @type {object} */ chosen) => pick(chosen) };
  const stop = mountPanels(component), deaf = onTheme(() => mountPanels(component));
  return () => {
    deaf();
    stop();
  };
}

/** The list of runs, and the sentence on the one in view. @param {HTMLElement} place */
function showRuns(place) {
  const select = /** @type {HTMLSelectElement} */ (make("select", "", { id: "site-run" },
    ...runs.map((one) => make("option", "", { value: one.id, text: one.title }))));
  select.value = run.id;
  select.onchange = () => { location.search = `?run=${encodeURIComponent(select.value)}`; };
  const unknown = query.has("run") && !named
    ? [make("p", "site-caption", { text: "The run that this link names is not on this site. Here is another." })] : [];
  place.replaceChildren(make("label", "", { for: "site-run", text: "Run" }), select, ...unknown, make("p", "site-caption", { text: run.sentence }));
}

/** A list for each of the runs beside each other. @param {HTMLElement} place */
function showRivals(place) {
  const shown = rivals(), unknown = query.get("runs")?.split(",").some((id) => !runs.some((one) => one.id === id));
  const lists = shown.map((rival, slot) => {
    const select = /** @type {HTMLSelectElement} */ (make("select", "", { id: `site-rival-${slot}` },
      ...runs.map((one) => make("option", "", { value: one.id, text: one.title }))));
    select.value = rival.id;
    select.onchange = () => {
      const ids = shown.map(({ id }) => (id === select.value ? rival.id : id)); // chosen twice, they change places
      ids[slot] = select.value;
      location.search = `?runs=${ids.map(encodeURIComponent).join(",")}`;
    };
    return make("div", "", {}, make("label", "", { for: select.id, text: slot ? "ABC"[slot] : "A, the baseline" }), select);
  });
  const said = unknown ? [make("p", "site-caption", { text: "A run that this link names is not on this site. Here is another." })] : [];
  place.replaceChildren(make("div", "site-row", {}, ...lists), ...said);
}

/** Links between pages keep the run. */
function keepRun() {
  if (!named) return;
  for (const link of document.querySelectorAll("a[data-page]")) {
    /** @type {HTMLAnchorElement} */ (link).search = `?run=${encodeURIComponent(run.id)}`;
  }
}

function themeButton() {
  const button = /** @type {HTMLButtonElement} */ (document.querySelector(".site-theme")), root = document.documentElement;
  const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const name = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  button.onclick = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("grokviz-theme", root.dataset.theme); } catch { /* a private window remembers nothing */ }
    name();
    dispatchEvent(new Event("grokviz-theme"));
  };
  button.hidden = false;
  name();
}

/** In a frame of another page: tells it how tall the figure is, {"grokviz": {"height": pixels}}. */
function tellHeight() {
  const tell = () => parent.postMessage({ grokviz: { height: document.documentElement.offsetHeight } }, "*");
  new ResizeObserver(tell).observe(document.documentElement);
}

if (document.querySelector(".site-theme")) themeButton();
if (parent !== window) tellHeight();
keepRun();
for (const place of document.querySelectorAll(".site-runs")) showRuns(/** @type {HTMLElement} */ (place));
for (const place of document.querySelectorAll(".site-rivals")) showRivals(/** @type {HTMLElement} */ (place));
for (const place of document.querySelectorAll(".site-film")) void showFilm(/** @type {HTMLElement} */ (place));
for (const place of document.querySelectorAll(".site-panels")) showPanels(/** @type {HTMLElement} */ (place));
for (const place of document.querySelectorAll(".site-cases")) showCases(/** @type {HTMLElement} */ (place), showPanels);
