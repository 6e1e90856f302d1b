// The names of the phases above the strip: a click goes to the beginning of one.

/** @import { Theme } from "./contract.js" */
/** @import { Hand } from "./film.js" */
/** @import { Box } from "./kit/plot.js" */

import { make } from "./kit/dom.js";
import { phaseBands } from "./kit/timeline.js";

/** @param {Hand} film @param {Node} title at its beginning @param {boolean} kept each band stays over its place, without its name
 *   where that does not fit; else the row becomes a list of names */
export function makePhaseRow(film, title = make("span", "gv-strip-title", { text: "loss" }), kept = false) {
  const bands = phaseBands(film.header);
  const chips = bands.map(({ name, from }) =>
    make("button", "gv-phase", { type: "button", text: name, "aria-label": name, title: `Go to the start of ${name}`, onclick: () => film.goTo(film.nearest(from)) }));
  const element = make("div", "gv-phases", {}, title, ...chips);

  /** Each name over its band where all fit, else a row of names with their tints.
   * @param {Box} box @param {Theme} theme */
  function layout(box, theme) {
    element.style.setProperty("--left", `${box.left}px`);
    element.classList.remove("gv-legend");
    chips.forEach((chip) => (chip.style.cssText = ""));
    const places = bands.map(({ from, to }) => [from, to].map((step) => box.left + film.axis.unit(step) * box.width));
    chips.forEach((chip, i) => (chip.textContent = bands[i].name));
    const fits = places.map(([x0, x1], i) => chips[i].scrollWidth + 4 <= x1 - x0), all = fits.every(Boolean);
    element.classList.toggle("gv-legend", !all && !kept);
    places.forEach(([x0, x1], i) => {
      if (all || kept) chips[i].style.cssText = `position:absolute;left:${x0}px;width:${x1 - x0}px`;
      if (kept && !fits[i]) chips[i].textContent = "";
    });
    tint(theme);
  }

  /** @param {Theme} theme */
  function tint(theme) {
    chips.forEach((chip, i) => chip.style.setProperty("--tint", theme.phases[bands[i].name]));
  }

  return { element, layout, tint };
}
