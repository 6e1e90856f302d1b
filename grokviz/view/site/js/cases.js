// Pages of which a handful of choices was computed beforehand, such as questions: a list of them, and what stands on the
// page for the one that is chosen.

import { make } from "../../film/js/kit/dom.js";
import { farFrom, nearestCase } from "./nearest.js";
import { fetched, onTheme, query, rememberInAddress, run, sayNotFetched } from "./runs.js";

/** @import { SiteCase } from "./nearest.js" */

/** @param {HTMLElement} place @param {(place: HTMLElement, pick: (chosen: Record<string, number>) => void) => () => void} showPanels */
export function showCases(place, showPanels) {
  const all = /** @type {SiteCase[]} */ (JSON.parse(place.dataset.cases ?? "")), cases = all.filter((one) => !one.run || one.run === run.id);
  if (!cases.length) return;
  const body = make("div", "site-case"), select = /** @type {HTMLSelectElement} */ (make("select", "", { id: "site-case" },
    ...cases.map(({ label }, i) => make("option", "", { value: i, text: label }))));
  const stops = /** @type {(() => void)[]} */ ([]);
  let now = nearestCase(cases, (name) => query.get(name)), carried = /** @type {string[]} */ ([]);
  const pick = (/** @type {Record<string, number>} */ chosen) =>
    take(nearestCase(cases, (name) => (name in chosen ? String(chosen[name]) : now.query[name])));

  /** @param {SiteCase} one */
  async function choose(one) {
    now = one;
    select.value = String(cases.indexOf(one));
    const fresh = one.files.filter((file) => !carried.includes(file));
    const [html, ...parts] = await Promise.all([one.text, ...fresh].map(fetched)).catch((error) => (sayNotFetched(body, error), []));
    if (now !== one || !html) return; // another was chosen meanwhile, or the network is gone
    (globalThis.grokvizCarried ??= []).push(...parts);
    carried = one.files;
    dispatchEvent(new Event("grokviz-carried"));
    stops.splice(0).forEach((stop) => stop());
    body.innerHTML = new TextDecoder().decode(html); // from beside this page, as this page is
    for (const panels of body.querySelectorAll(".site-panels")) stops.push(showPanels(/** @type {HTMLElement} */ (panels), pick));
    for (const picture of body.querySelectorAll(".site-picture")) stops.push(showPicture(/** @type {HTMLElement} */ (picture)));
  }

  /** The visitor has chosen it. @param {SiteCase} one */
  function take(one) {
    rememberInAddress(one.query);
    void choose(one);
  }
  select.onchange = () => take(cases[Number(select.value)]);
  const unknown = farFrom(now, (name) => query.get(name)) ? [make("p", "site-caption", { text: "What this link asks for is not on this site. Here is the nearest." })] : [];
  place.querySelector(".site-choice")?.prepend(make("label", "", { for: select.id, text: place.dataset.label ?? "" }), select, ...unknown);
  place.append(body);
  void choose(now);
}

/** A picture that stands still, by a script that is fetched where there is one; what ends it. @param {HTMLElement} place */
function showPicture(place) {
  const component = { data: JSON.parse(place.dataset.told ?? ""), parentElement: place, setTriggerValue() {} };
  const script = new URL("pictures.js", location.href).href;
  let end = () => {};
  const draw = () => void import(script).then(({ mount: mountPicture }) => (end = mountPicture(component)), (error) => sayNotFetched(place, error));
  const deaf = onTheme(draw);
  draw();
  return () => {
    deaf();
    end();
  };
}
