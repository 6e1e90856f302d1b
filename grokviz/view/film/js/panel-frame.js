// The frame of one panel: its title, figure, caption and words, and what happens under the pointer.

/** @import { Context, Panel, Theme, Timeline } from "./contract.js" */
/** @import { Film } from "./film.js" */
/** @import { Figure } from "./kit/canvas.js" */

import { makeDraggable, makeFigure } from "./kit/canvas.js";
import { make, setText } from "./kit/dom.js";
import { hovered, NOTHING, pointAt } from "./kit/hover.js";
import { savePicture } from "./saving.js";

const PART_PATIENCE_MS = 1500;

/** @typedef {ReturnType<typeof makePanelFrame>} PanelFrame */

/** `own` is what the panel keeps for this run, null until it is drawn; `told` the snapshot of its caption.
 * @typedef {{ own: any, theme: Theme | null, visible: boolean, told: number, pointed: boolean }} State */

/** @param {Panel<any>} panel @param {Timeline} timeline @param {Film} film
 * @param {(part: string) => void} need asks for a part of the run */
export function makePanelFrame(panel, timeline, film, need) {
  const page = makePage(panel), { figure, element, caption, note } = page, part = waitForPart(panel, timeline, film, need);
  /** @type {State} */
  const state = { own: null, theme: null, visible: false, told: -1, pointed: false };
  const about = () => ({ title: panel.title, caption: caption.textContent ?? "", step: film.step(), name: panel.id });
  page.save.onclick = () => state.theme && savePicture(timeline, state.theme, figure, about());
  /** @param {Theme} theme @returns {Context} */
  const context = (theme) => ({
    width: figure.width, height: figure.height, scale: figure.scale, theme, timeline, axis: film.axis,
    moment: film.moment(), hover: hovered(),
  });
  listenToPanel(panel, page, film, state, context);

  return {
    id: panel.id, element,
    /** @param {Theme} theme */
    paint(theme) {
      if (!state.visible || !element.isConnected || !figure.width) return;
      const obstacle = part.missing() ?? panel.empty?.(timeline) ?? null;
      element.classList.toggle("gv-empty", obstacle !== null);
      if (obstacle !== null) return setText(note, obstacle);
      state.theme = theme;
      state.own ??= panel.prepare(timeline, theme);
      if (figure.stale) panel.background(figure.clear(figure.back), state.own, context(theme));
      figure.stale = false;
      panel.live(figure.clear(figure.front), state.own, context(theme));
    },
    /** Cheap where nothing changed: called every frame that stands still. @param {number} i */
    tell(i) {
      if (!state.visible || state.told === i || state.pointed || element.classList.contains("gv-empty")) return;
      state.told = i;
      setText(caption, panel.caption(timeline, i));
      figure.front.setAttribute("aria-label", `${panel.title} ${caption.textContent}`);
    },
    layout() {
      if (element.isConnected) fit(figure, (width) => panel.height?.(timeline, width) ?? Math.min(width * 1.03, 420));
    },
    /** The timeline has gone on: what was prepared of it is prepared anew when it is drawn. */
    grow() {
      part.forget();
      Object.assign(state, { own: null, told: -1 });
      figure.stale = true;
    },
    /** @param {boolean} visible */
    seen: (visible) => void Object.assign(state, { visible, told: -1 }),
  };
}

/** What stands in the page of a panel. @param {Panel<any>} panel */
function makePage(panel) {
  const figure = makeFigure("gv-panel-figure", panel.title);
  const caption = make("p", "gv-caption"), note = make("p", "gv-note");
  const save = make("button", "gv-link", { type: "button", text: "Save PNG" });
  const howto = make("details", "gv-howto", {},
    make("summary", "", { text: "How to read this" }), make("p", "", { text: panel.howto }), save);
  const element = make("figure", panel.wide ? "gv-panel gv-wide" : "gv-panel", { "data-panel": panel.id },
    make("h3", "gv-title", { text: panel.title }), figure.holder, make("figcaption", "", {}, caption), howto);
  figure.holder.append(note);
  return { figure, caption, note, save, element };
}

/** As wide as there is room. @param {Figure} figure @param {(width: number) => number} height */
function fit(figure, height) {
  const width = Math.floor(figure.holder.clientWidth);
  if (width > 0) figure.resize(width, Math.round(height(width)));
  figure.stale = true;
}

/** Asks for the part that the panel needs, once, when it is to be drawn; says what is missing meanwhile.
 * @param {Panel<any>} panel @param {Timeline} timeline @param {Film} film @param {(part: string) => void} need */
function waitForPart(panel, timeline, film, need) {
  let asked = 0;
  return {
    /** @returns {string | null} words, none at first; null when it is here */
    missing() {
      if (panel.needs === "core" || timeline.maps) return null;
      if (!asked) {
        asked = performance.now();
        need(panel.needs);
        setTimeout(() => film.draw(), PART_PATIENCE_MS);
      }
      return performance.now() - asked < PART_PATIENCE_MS - 50 ? "" : "On its way.";
    },
    forget: () => void (asked = 0),
  };
}

/** The pointer names what it is over, or moves the film where the panel has an axis of time.
 * @param {Panel<any>} panel @param {ReturnType<typeof makePage>} page @param {Film} film @param {State} state
 * @param {(theme: Theme) => Context} context */
function listenToPanel(panel, { figure, element, caption }, film, state, context) {
  const { timeBox, hover } = panel;
  if (timeBox) {
    makeDraggable(figure.front, film, (x) => {
      if (!state.own || !state.theme || film.steps.length < 2) return film.axis.unitAt(film.position); // nothing to point at yet
      const box = timeBox(state.own, context(state.theme));
      return (x - box.left) / box.width;
    });
  }
  if (!hover) return;
  const point = (/** @type {number} */ x, /** @type {number} */ y) => {
    if (!state.own || !state.theme) return;
    const found = hover(state.own, x, y, context(state.theme));
    state.pointed = found !== null;
    element.classList.toggle("gv-pointed", state.pointed);
    if (found) setText(caption, `${found.words}.`);
    else state.told = -1;
    pointAt(found ?? NOTHING);
    film.draw();
  };
  figure.front.onpointermove = figure.front.onpointerdown = (event) => point(event.offsetX, event.offsetY);
  figure.front.onpointerleave = () => point(-1e6, -1e6);
}
