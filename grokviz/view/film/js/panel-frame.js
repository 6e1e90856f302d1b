// The frame of one panel: its title, figure, caption and words, and what happens under the pointer.

/** @import { Context, Panel, Theme, Timeline } from "./contract.js" */
/** @import { Hand } from "./film.js" */
/** @import { Figure } from "./kit/canvas.js" */
/** @import { Sight } from "./kit/sight.js" */

import { makeDraggable, makeFigure, placeOn } from "./kit/canvas.js";
import { make, setText } from "./kit/dom.js";
import { hovered, NOTHING, pointAt } from "./kit/hover.js";
import { partOf } from "./kit/timeline.js";
import { savePicture } from "./saving.js";

const PART_PATIENCE_MS = 1500;

/** @typedef {ReturnType<typeof makePanelFrame>} PanelFrame */

/** `own` is what the panel keeps for this run, null until it is drawn; `told` the snapshot of its caption.
 * @typedef {{ own: any, theme: Theme | null, near: boolean, inSight: boolean, told: number, pointed: boolean }} State */

/** How a panel stands in the page: `need` asks for a part of the run; `placed` by itself, under a heading of the page, or
 * with a `head` in place of its title; `pick` tells Python what was chosen in it.
 * @typedef {{ need: (part: string) => void, placed?: boolean, head?: HTMLElement, pick?: (chosen: object) => void }} Stand */

/** @param {Panel<any>} panel @param {Timeline} timeline @param {Hand} film @param {Stand} stand */
export function makePanelFrame(panel, timeline, film, stand) {
  const page = makePage(panel, stand), { figure, element, caption, note } = page;
  const part = waitForPart(panel, timeline, film, stand.need);
  /** @type {State} */
  const state = { own: null, theme: null, near: false, inSight: false, told: -1, pointed: false };
  /** @param {Theme} theme @returns {Context} */
  const context = (theme) => ({
    width: figure.width, height: figure.height, scale: figure.scale, theme, timeline, axis: film.axis,
    moment: film.moment(), hover: hovered(), edges: stand.placed ? film.edges : null,
  });
  page.onsave = (kind) => savePanel(kind, panel, page, film, state, context);
  listenToPanel(panel, page, film, state, context, stand.pick);
  const now = () => state.own && state.theme && { own: state.own, context: context(state.theme) };
  panel.listen?.(figure.front, now, { pick: (chosen) => stand.pick?.(chosen), draw: film.draw });

  return {
    id: panel.id, title: panel.title, figure, element, needs: [panel.needs, ...(panel.uses ?? [])],
    /** @param {Theme} theme @param {boolean} moving under the hand or under play: what is not in sight waits */
    paint(theme, moving) {
      if (!(moving ? state.inSight : state.near) || !element.isConnected || !figure.width) return;
      const obstacle = part.missing() ?? panel.empty?.(timeline) ?? null;
      element.classList.toggle("gv-empty", obstacle !== null);
      if (obstacle !== null) setText(note, obstacle);
      else drawPanel(panel, figure, state, context(theme));
    },
    /** Cheap where nothing changed: called every frame that stands still. @param {number} i */
    tell(i) {
      if (!state.near || state.told === i || state.pointed || element.classList.contains("gv-empty")) return;
      state.told = i;
      setText(caption, panel.caption(timeline, i));
      figure.front.setAttribute("aria-label", `${panel.title} ${caption.textContent}`);
    },
    layout() {
      if (element.isConnected) fit(figure, (width) => panel.height?.(timeline, width) ?? Math.min(width * 1.03, 420));
    },
    /** The axis has moved, or its edges. */
    stale: () => void (figure.stale = true),
    /** The timeline has gone on: what was prepared of it is prepared anew when it is drawn. */
    grow() {
      part.forget();
      Object.assign(state, { own: null, told: -1 });
      figure.stale = true;
    },
    /** @param {Sight} sight */
    seen: (sight) => void Object.assign(state, { ...sight, told: -1 }),
    seenForPicture: () => void Object.assign(state, { near: true, inSight: true, told: -1 }),
  };
}

/** @param {Panel<any>} panel @param {Figure} figure @param {State} state @param {Context} context */
function drawPanel(panel, figure, state, context) {
  state.theme = context.theme;
  state.own ??= panel.prepare(context.timeline, context.theme);
  if (figure.stale) panel.background(figure.clear(figure.back), state.own, context);
  figure.stale = false;
  panel.live(figure.clear(figure.front), state.own, context);
}

/** @param {"png" | "svg"} kind @param {Panel<any>} panel @param {ReturnType<typeof makePage>} page @param {Hand} film
 * @param {State} state @param {(theme: Theme) => Context} context */
function savePanel(kind, panel, { figure, caption }, film, state, context) {
  const { theme } = state, about = { title: panel.title, caption: caption.textContent ?? "", step: film.step(), name: panel.id };
  if (theme) savePicture(kind, context(theme).timeline, theme, figure, about, () => drawPanel(panel, figure, state, context(theme)));
  film.draw();
}

/** What stands in the page of a panel. One that is placed has its heading beside it in the page.
 * @param {Panel<any>} panel @param {Stand} stand */
function makePage(panel, { placed = false, head }) {
  const figure = makeFigure("gv-panel-figure", panel.title);
  const caption = make("p", "gv-caption"), note = make("p", "gv-note");
  const page = { onsave: (/** @type {"png" | "svg"} */ kind) => {} };
  const saves = /** @type {const} */ (["png", "svg"]).map((kind) =>
    make("button", "gv-link", { type: "button", text: `Save ${kind.toUpperCase()}`, onclick: () => page.onsave(kind) }));
  const howto = panel.howto ? [make("details", "gv-howto", {},
    make("summary", "", { text: "How to read this" }), make("p", "", { text: panel.howto }), ...saves)] : [];
  const heading = head ? [head] : placed && !panel.titled ? [] : [make("h3", "gv-title", { text: panel.title })];
  const element = make("figure", panel.wide ? "gv-panel gv-wide" : "gv-panel", { "data-panel": panel.id },
    ...heading, figure.holder, make("figcaption", "", {}, caption), ...howto);
  element.classList.toggle("gv-placed", placed);
  figure.holder.append(note);
  return Object.assign(page, { figure, caption, note, element });
}

/** As wide as there is room. @param {Figure} figure @param {(width: number) => number} height */
function fit(figure, height) {
  const width = Math.floor(figure.holder.clientWidth);
  if (width > 0) figure.resize(width, Math.round(height(width)));
  figure.stale = true;
}

/** Asks for the part that the panel needs, once, when it is to be drawn; says what is missing meanwhile.
 * @param {Panel<any>} panel @param {Timeline} timeline @param {Hand} film @param {(part: string) => void} need */
function waitForPart(panel, timeline, film, need) {
  let asked = 0;
  return {
    /** @returns {string | null} words, none at first; null when it is here */
    missing() {
      if (partOf(timeline, panel.needs)) return null;
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
 * @param {Panel<any>} panel @param {ReturnType<typeof makePage>} page @param {Hand} film @param {State} state
 * @param {(theme: Theme) => Context} context @param {((chosen: object) => void) | undefined} pick */
function listenToPanel(panel, { figure, element, caption }, film, state, context, pick) {
  const { timeBox, hover, press, choice } = panel;
  if (timeBox) {
    makeDraggable(figure.front, film, (x) => {
      if (!state.own || !state.theme || film.steps.length < 2) return film.axis.unitAt(film.position); // nothing to point at yet
      const { left, width, axis } = timeBox(state.own, context(state.theme)), unit = (x - left) / width;
      return axis ? film.axis.unitAt(axis.positionAt(Math.min(1, Math.max(0, unit)))) : unit;
    });
  }
  if (press) {
    figure.front.classList.add("gv-presses");
    figure.front.onclick = (event) => {
      const { x, y } = placeOn(event), index = state.own && state.theme ? press(state.own, x, y, context(state.theme)) : null;
      if (index !== null) film.goTo(index);
    };
  }
  if (choice && pick) {
    figure.front.classList.add("gv-presses");
    figure.front.onclick = (event) => {
      const { x, y } = placeOn(event), chosen = state.own && state.theme ? choice(state.own, x, y, context(state.theme)) : null;
      if (chosen) pick(chosen);
    };
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
  const { front } = figure, at = (/** @type {PointerEvent} */ event) => point(placeOn(event).x, placeOn(event).y);
  for (const kind of /** @type {const} */ (["pointermove", "pointerdown"])) front.addEventListener(kind, at);
  front.addEventListener("pointerleave", () => point(-1e6, -1e6));
}
