// The frame of one panel: its title, figure, caption and words, and what happens under the pointer.

/** @import { Panel, Theme, Timeline } from "./contract.js" */
/** @import { Film } from "./film.js" */

import { makeDraggable, makeFigure } from "./kit/canvas.js";
import { make, setText } from "./kit/dom.js";
import { hovered, NOTHING, pointAt } from "./kit/hover.js";
import { savePicture } from "./saving.js";

const PART_PATIENCE_MS = 1500;

/** @typedef {ReturnType<typeof makePanelFrame>} PanelFrame */

/** @param {Panel<any>} panel @param {Timeline} timeline @param {Film} film
 * @param {(part: string) => void} need asks for a part of the run */
export function makePanelFrame(panel, timeline, film, need) {
  const figure = makeFigure("gv-panel-figure", panel.title);
  const caption = make("p", "gv-caption"), note = make("p", "gv-note");
  const save = make("button", "gv-link", { type: "button", text: "Save PNG", onclick: () => savePanel() });
  const howto = make("details", "gv-howto", {},
    make("summary", "", { text: "How to read this" }), make("p", "", { text: panel.howto }), save);
  const element = make("figure", panel.wide ? "gv-panel gv-wide" : "gv-panel", { "data-panel": panel.id },
    make("h3", "gv-title", { text: panel.title }), figure.holder, make("figcaption", "", {}, caption), howto);
  figure.holder.append(note);

  const state = { visible: false, told: -1, asked: 0, pointed: false };
  /** What the panel keeps for this run; null until it is drawn. */
  let own = /** @type {any} */ (null), theme = /** @type {Theme | null} */ (null);

  /** @param {Theme} theme */
  const context = (theme) => ({
    width: figure.width, height: figure.height, scale: figure.scale, theme, timeline, axis: film.axis,
    moment: film.moment(), hover: hovered(),
  });

  if (panel.timeBox) {
    makeDraggable(figure.front, film, (x) => {
      if (!own || !theme || !panel.timeBox || film.steps.length < 2) return film.axis.unitAt(film.position); // nothing to point at yet
      const box = panel.timeBox(own, context(theme));
      return (x - box.left) / box.width;
    });
  }
  if (panel.hover) {
    figure.front.onpointermove = figure.front.onpointerdown = (event) => point(event.offsetX, event.offsetY);
    figure.front.onpointerleave = () => point(-1e6, -1e6);
  }

  /** @param {number} x @param {number} y */
  function point(x, y) {
    if (!own || !theme || !panel.hover) return;
    const found = panel.hover(own, x, y, context(theme));
    state.pointed = found !== null;
    element.classList.toggle("gv-pointed", state.pointed);
    if (found) setText(caption, `${found.words}.`);
    else state.told = -1;
    pointAt(found ?? NOTHING);
    film.draw();
  }

  function savePanel() {
    if (theme) savePicture(timeline, theme, figure, { title: panel.title, caption: caption.textContent ?? "", step: film.step(), name: panel.id });
  }

  /** What keeps the panel from being drawn, in words; null when it can be drawn. @returns {string | null} */
  function obstacle() {
    if (panel.needs !== "maps" || timeline.maps) return panel.empty?.(timeline) ?? null;
    if (!state.asked) {
      state.asked = performance.now();
      need("maps");
      setTimeout(() => film.draw(), PART_PATIENCE_MS);
    }
    return performance.now() - state.asked < PART_PATIENCE_MS - 50 ? "" : "On its way.";
  }

  /** @param {Theme} now */
  function paint(now) {
    if (!state.visible || !element.isConnected || !figure.width) return;
    const words = obstacle();
    element.classList.toggle("gv-empty", words !== null);
    if (words !== null) return setText(note, words);
    theme = now;
    own ??= panel.prepare(timeline, now);
    const drawn = context(now);
    if (figure.stale) {
      panel.background(figure.clear(figure.back), own, drawn);
      figure.stale = false;
    }
    panel.live(figure.clear(figure.front), own, drawn);
  }

  /** Cheap where nothing changed: called every frame that stands still. @param {number} i */
  function tell(i) {
    if (!state.visible || state.told === i || state.pointed || element.classList.contains("gv-empty")) return;
    state.told = i;
    const words = panel.caption(timeline, i);
    setText(caption, words);
    figure.front.setAttribute("aria-label", `${panel.title} ${words}`);
  }

  function layout() {
    if (!element.isConnected) return;
    const width = Math.floor(figure.holder.clientWidth);
    if (width > 0) figure.resize(width, Math.round(panel.height?.(timeline, width) ?? Math.min(width * 1.03, 420)));
    figure.stale = true;
  }

  /** The timeline has gone on: what was prepared of it is prepared anew when it is drawn. */
  function grow() {
    own = null;
    Object.assign(state, { asked: 0, told: -1 });
    figure.stale = true;
  }

  /** @param {boolean} visible */
  function seen(visible) {
    Object.assign(state, { visible, told: -1 });
  }

  return { id: panel.id, element, paint, tell, layout, grow, seen };
}
