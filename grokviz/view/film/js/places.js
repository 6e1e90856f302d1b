// Panels that stand by themselves in the page, beside a text: the film of the page drives them as if they were its own.

/** @import { Panel } from "./contract.js" */
/** @import { PanelFrame } from "./panel-frame.js" */
/** @import { Place, Scene } from "./kit/registry.js" */
/** @import { Spec } from "./stages/index.js" */

import { onHover } from "./kit/hover.js";
import { registry } from "./kit/registry.js";
import { makeWatcher } from "./kit/sight.js";
import { readTheme } from "./kit/theme.js";
import { makePanelFrame } from "./panel-frame.js";
import { panelOf } from "./stages/index.js";

/** @typedef {{ film: string, panels: Spec[], room: number }} Placed the key of a film, and which panels stand here */
/** @typedef {{ show: (data: Placed) => void, stop: () => void, pick: (chosen: object) => void }} Site */

const OF_THE_FILM = new Set(["maps", "distances"]); // parts that a film asks for; others come by themselves

/** @type {WeakMap<Element, Site>} */
const sites = new WeakMap();

/** Called by Streamlit at first, then whenever the data or the theme change.
 * @param {{ data: Placed, parentElement: Element, setTriggerValue: (name: string, value: object) => void }} component */
export function mountPanels({ data, parentElement, setTriggerValue }) {
  const site = sites.get(parentElement) ?? newSite(parentElement, data.film);
  sites.set(parentElement, site);
  site.pick = (chosen) => setTriggerValue("pick", chosen);
  site.show(data);
  return () => {
    site.stop();
    sites.delete(parentElement);
  };
}

let sheet = /** @type {CSSStyleSheet | null} */ (null);

/** What the film looks like, sent with its script once for all places. */
function style() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(globalThis.grokvizStyle ?? "");
  }
  return sheet;
}

/** @param {Element} parentElement @param {string} film @returns {Site} */
function newSite(parentElement, film) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".gv")), tree = root.getRootNode();
  if (tree instanceof ShadowRoot) tree.adoptedStyleSheets = [style()];
  let asked = "";
  const stand = makeStand(root, film, (chosen) => site.pick(chosen));
  /** @type {Site} */
  const site = {
    pick() {},
    show(data) {
      if (JSON.stringify(data) !== asked) stand.choose(data.panels.map(panelOf), data.room);
      asked = JSON.stringify(data);
      stand.refresh();
    },
    stop: stand.stop,
  };
  return site;
}

/** The panels of one place: built when its film is there, and anew when that or they are others.
 * @param {HTMLElement} root @param {string} film @param {(chosen: object) => void} pick */
// eslint-disable-next-line max-lines-per-function -- one place: its parts share what is private to it
function makeStand(root, film, pick) {
  let scene = /** @type {Scene | null} */ (null), frames = /** @type {PanelFrame[]} */ ([]), theme = readTheme(root), width = 0;
  let wanted = /** @type {Panel<any>[]} */ ([]);
  const draw = () => registry.scenes.get(film)?.film.draw();
  const watcher = makeWatcher((target) => frames.find(({ element }) => element === target), draw);
  const layout = () => {
    width = Math.floor(root.clientWidth);
    frames.forEach((frame) => frame.layout());
    draw();
  };
  const sizes = new ResizeObserver(() => void (Math.floor(root.clientWidth) !== width && layout()));
  function build() {
    watcher.disconnect();
    if (!scene) return;
    const { timeline, film: clock, need: ask } = scene;
    const need = (/** @type {string} */ part) => void (OF_THE_FILM.has(part) && ask(part, timeline.header.id));
    frames = wanted.map((panel) => makePanelFrame(panel, timeline, clock, { need, placed: true, pick }));
    root.replaceChildren(...frames.map(({ element }) => element));
    frames.forEach(({ element }) => watcher.observe(element));
    layout();
    root.style.minHeight = "";
  }
  const place = makePlace(film, () => frames, () => theme, (now) => {
    if (now === scene) return;
    scene = now;
    build();
  });
  const deaf = onHover(draw);
  registry.places.add(place);
  sizes.observe(root);
  return {
    /** @param {Panel<any>[]} panels @param {number} room */
    choose(panels, room) {
      wanted = panels;
      if (!frames.length) root.style.minHeight = `${room}px`;
      build();
    },
    refresh() {
      theme = readTheme(root);
      place.stale();
      draw();
    },
    stop() {
      registry.places.delete(place);
      watcher.disconnect();
      sizes.disconnect();
      deaf();
    },
  };
}

/** What the film drives. @param {string} film @param {() => PanelFrame[]} frames
 * @param {() => import("./contract.js").Theme} theme @param {(scene: Scene | null) => void} meet @returns {Place} */
function makePlace(film, frames, theme, meet) {
  return {
    film,
    paint(moving) {
      meet(registry.scenes.get(film) ?? null);
      frames().forEach((frame) => frame.paint(theme(), moving));
    },
    tell: (i) => frames().forEach((frame) => frame.tell(i)),
    seeAll: () => frames().forEach((frame) => frame.seenForPicture()),
    flush: () => frames().forEach((frame) => frame.figure.flush()),
    stale: () => frames().forEach((frame) => frame.stale()),
    grow: () => frames().forEach((frame) => frame.grow()),
    arrived: (name) => frames().filter(({ needs }) => needs.includes(name)).forEach((frame) => frame.grow()),
  };
}
