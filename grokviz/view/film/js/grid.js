// The panels under the strip: which are up, and the list to choose them from.

/** @import { Theme, Timeline } from "./contract.js" */
/** @import { Film } from "./film.js" */
/** @import { PanelFrame } from "./panel-frame.js" */

import { make, makeMenu } from "./kit/dom.js";
import { makePanelFrame } from "./panel-frame.js";
import { PANELS } from "./panels/index.js";

/** @param {Timeline} timeline @param {Film} film
 * @param {{ need: (part: string) => void, onchoose: () => void }} page */
export function makePanels(timeline, film, { need, onchoose }) {
  const grid = make("div", "gv-grid");
  /** @type {Map<string, PanelFrame>} */
  const frames = new Map();
  /** @type {PanelFrame[]} */
  let shown = [];

  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) shown.find(({ element }) => element === entry.target)?.seen(entry.isIntersecting);
    film.draw();
  }, { rootMargin: "80px" });

  /** @param {string[]} ids */
  function show(ids) {
    const wanted = PANELS.filter(({ id }) => ids.includes(id));
    for (const panel of wanted) if (!frames.has(panel.id)) frames.set(panel.id, makePanelFrame(panel, timeline, film, { need }));
    for (const { id, element } of shown) if (!ids.includes(id)) watcher.unobserve(element);
    shown = wanted.flatMap(({ id }) => frames.get(id) ?? []);
    grid.replaceChildren(...shown.map(({ element }) => element));
    for (const { element } of shown) watcher.observe(element);
  }

  const boxes = PANELS.map(({ id }) => make("input", "", { type: "checkbox", value: id, onchange: () => {
    show(boxes.filter((box) => box.checked).map((box) => box.value));
    onchoose();
  } }));
  const chooser = makeMenu("Panels", ...PANELS.map(({ name }, i) => make("label", "", {}, boxes[i], make("span", "", { text: name }))));

  /** @param {string[]} ids */
  function choose(ids) {
    for (const box of boxes) box.checked = ids.includes(box.value);
    show(ids);
  }

  return {
    grid, chooser, choose,
    pictures: () => shown,
    chosen: () => shown.map(({ id }) => id),
    layout: () => shown.forEach((frame) => frame.layout()),
    /** Draw those that are not in sight, too: on paper they are. */
    seeAll: () => shown.forEach((frame) => frame.seen(true)),
    /** @param {Theme} theme */
    paint: (theme) => shown.forEach((frame) => frame.paint(theme)),
    /** @param {number} i */
    tell: (i) => shown.forEach((frame) => frame.tell(i)),
    grow: () => frames.forEach((frame) => frame.grow()),
    /** A part is here, or another one of the same name: other neurons. @param {string} name */
    arrived: (name) => frames.forEach((frame) => frame.needs.includes(name) && frame.grow()),
    stop: () => watcher.disconnect(),
  };
}
