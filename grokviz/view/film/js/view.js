// One film in one place of the page: strip, panels, and what drives them.

/** @import { Part } from "./contract.js" */
/** @import { Figure } from "./kit/canvas.js" */
/** @import { Control } from "./kit/registry.js" */

import { joinedSubject } from "./beside.js";
import { makePanels } from "./grid.js";
import { onKey } from "./keys.js";
import { make } from "./kit/dom.js";
import { NOTHING, onHover, pointAt } from "./kit/hover.js";
import { placesOf, registry } from "./kit/registry.js";
import { readTheme } from "./kit/theme.js";
import { colourLines, lettered, makeCast, makeHead, mapsFor } from "./members.js";
import { makeMoments } from "./moments.js";
import { makePresenter } from "./present.js";
import { playQuietly } from "./quiet-play.js";
import { makeShareButtons, saveCurves, savePicture } from "./saving.js";
import { makeSlim } from "./slim.js";
import { lossSubject, makeStrip } from "./strip.js";
import { makeVideoRow } from "./video.js";

const TEXT_EVERY_MS = 90; // sentences change slower than pictures: they are to be read
const BESIDE_FROM = 900, BESIDE_HEIGHT = 268; // pixels: where strip and panels stand beside each other
const SEVERAL_HEIGHT = 150; // shown to a room, above a row of panels

/** Where a film stands in the page, and how Python hears of it: what it shows, and which part of which run it lacks,
 * and what was chosen in it.
 * @typedef {{ root: HTMLElement, commit: (state: object) => void, need: (part: string, run: string) => void,
 *   pick: (chosen: object) => void, seq: number | undefined }} Site */

/** @typedef {ReturnType<typeof buildView>} View */

/** @param {Site} site @param {Part[]} cores of one run, or of several that are shown beside each other @param {Control} control */
// eslint-disable-next-line max-lines-per-function -- one place: what may happen to it, and all it is made of
export function buildView(site, cores, control) {
  const { root } = site, { layout: kind } = control, full = ["full", "several", "beside"].includes(kind), beside = kind === "beside";
  const places = () => placesOf(control.key);
  const cast = makeCast(cores), { film, rivals, whole: timeline } = cast, several = rivals.length > 0;
  const panels = makePanels(cast, { need: site.need, onchoose: () => { layout(); film.commitSoon(); }, pick: control.chooses ? (chosen) => site.pick(chosen) : undefined });
  film.tour = (control.moments ?? []).map(([, step]) => step);
  const presenter = makePresenter(root, film, panels.grid, () => layout(), several);
  const saves = /** @type {HTMLElement[]} */ ([
    ...(control.layout === "strip" ? [] : [make("button", "gv-link", { type: "button", text: "Show to a room", onclick: presenter.start })]),
    ...makeShareButtons(film, panels.chosen),
    make("button", "gv-link", { type: "button", text: "Save the curves as CSV", onclick: () => cast.members.forEach((member) => saveCurves(member.timeline)) }),
    make("button", "gv-link", { type: "button", text: "Save the loss strip as PNG", onclick: () => saveStrip("png") }),
    make("button", "gv-link", { type: "button", text: "Save the loss strip as SVG", onclick: () => saveStrip("svg") }),
    makeVideoRow(timeline, film, {
      title: several ? rivals.map(lettered).join(", ") : timeline.header.title,
      theme: () => theme, strip: () => ({ title: "loss", figure: /** @type {Figure} */ (strip.figure) }), panels: panels.pictures,
      begin: () => (drawStrip(0), panels.seeAll()), end: () => (drawStrip(), film.settle()),
    }),
  ]);
  /** Whole, even where only a slim bar of it is in sight. @param {"png" | "svg"} kind */
  function saveStrip(kind) {
    drawStrip(0);
    strip.paint(theme);
    const about = { title: timeline.header.title, caption: strip.caption(), step: film.step(), name: "loss" };
    savePicture(kind, timeline, theme, strip.figure, about, () => strip.paint(theme));
    drawStrip();
  }
  const moments = makeMoments(film, control.moments ?? []);
  const subject = () => (several ? joinedSubject(cast) : lossSubject(timeline, film, moments));
  const margins = several ? { left: 54, right: 26 } : full ? null : { left: 54, right: 92 };
  const newStrip = () => makeStrip(subject(), film, { onlayout: () => layout(), menus: full ? [panels.chooser] : [], saves, margins });
  let strip = newStrip();
  const heads = rivals.map((rival) => makeHead(rival, film));
  const live = make("p", "gv-heard", { "aria-live": "polite" });
  if (kind === "none") root.replaceChildren(live); // its places alone, under other controls
  else root.replaceChildren(...(control.moments?.length ? [moments.element] : []), ...(several ? [make("div", "gv-heads", {}, ...heads.map(({ element }) => element))] : []), strip.element, strip.narrator, ...(full ? [panels.grid] : []), live);
  root.classList.toggle("gv-film-strip", !full);
  let theme = readTheme(root), told = 0, toldIndex = -1, width = 0, later = 0;

  const slim = makeSlim(root, () => strip, drawStrip, pageOf(root), full);
  function fitStrip(hidden = slim.hidden()) {
    if (presenter.presenting()) strip.layout(Math.floor(strip.element.clientWidth), theme, 0, several ? SEVERAL_HEIGHT : Math.max(160, root.clientHeight - strip.narrator.offsetHeight - 170));
    else if (beside && width >= BESIDE_FROM && !slim.held()) strip.layout(Math.floor(strip.element.clientWidth), theme, hidden, BESIDE_HEIGHT);
    else strip.layout(width, theme, hidden);
  }
  function drawStrip(hidden = slim.hidden()) {
    fitStrip(hidden);
    strip.figure.stale = true;
    film.draw();
  }

  function layout() {
    width = Math.floor(root.clientWidth);
    if (!width) return;
    root.classList.toggle("gv-beside", beside && width >= BESIDE_FROM);
    fitStrip();
    slim.measure();
    panels.layout();
    places().forEach((place) => place.stale());
    strip.figure.stale = true;
    toldIndex = -1;
    colourLines(root, theme);
    film.draw();
  }

  film.onframe = (now) => {
    if (!width) return;
    strip.paint(theme);
    const there = places(), moving = film.busy();
    panels.paint(theme, moving);
    there.forEach((place) => place.paint(moving));
    strip.showPlaying();
    const i = film.index();
    if (moving && now - told < TEXT_EVERY_MS) {
      clearTimeout(later);
      later = setTimeout(film.draw, TEXT_EVERY_MS); // the hand may rest before the words have caught up
      return;
    }
    if (i !== toldIndex) strip.tell(i);
    panels.tell();
    heads.forEach((head) => head.tell());
    there.forEach((place) => place.tell(i));
    [told, toldIndex] = [now, i];
  };
  film.oncommit = () => {
    live.textContent = strip.spoken(film.goal());
    site.commit({ step: film.steps[film.goal()], panels: panels.chosen(), seq: site.seq });
  };

  const onPageKey = (/** @type {KeyboardEvent} */ event) => {
    if (registry.active === film) onKey(event, film, strip.range);
  };
  root.onkeydown = (event) => onKey(event, film, strip.range);
  document.addEventListener("keydown", onPageKey);
  root.onpointerdown = (event) => {
    registry.active = film;
    for (const menu of root.querySelectorAll("details.gv-menu[open]")) {
      if (!menu.contains(/** @type {Node} */ (event.target))) menu.removeAttribute("open");
    }
  };
  const sizes = new ResizeObserver(() => {
    if (Math.floor(root.clientWidth) !== width) layout();
  });
  sizes.observe(root);
  const deaf = onHover(film.draw);
  if (full || !registry.active) registry.active = film;
  registry.films.set(control.key, film);
  registry.scenes.set(control.key, { film, timeline, need: (part, run) => site.need(part, run) });

  panels.choose(control.panels);
  film.goTo(film.nearest(control.step), { silent: true, eased: false });
  strip.tell(film.index());
  layout();
  const endQuietPlay = control.quiet && !control.present ? playQuietly(film, root) : () => {};
  if (control.present && !globalThis.grokvizPresented) presenter.start();
  globalThis.grokvizPresented ||= Boolean(control.present);
  const printAll = () => {
    panels.seeAll();
    panels.paint(theme, false);
    panels.flush();
    panels.tell();
    for (const place of places()) {
      place.seeAll();
      place.paint(false);
      place.flush();
      place.tell(film.index());
    }
  };
  addEventListener("beforeprint", printAll);

  return {
    film,
    get id() { return cast.members.map((member) => member.timeline.header.id).join(); },
    /** The run has gone on. At its last step the film goes along. @param {Part} part */
    grow(part) {
      const tree = /** @type {Document | ShadowRoot} */ (root.getRootNode());
      const focused = root.contains(tree.activeElement), step = film.step();
      Object.assign(timeline, part, { maps: mapsFor(part) });
      film.grow(part.header);
      const before = strip;
      strip = newStrip();
      before.element.replaceWith(strip.element);
      before.narrator.replaceWith(strip.narrator);
      panels.grow();
      places().forEach((place) => place.grow());
      layout();
      strip.tell(film.index());
      if (focused) strip.range.focus({ preventScroll: true });
      if (film.step() !== step) film.commitSoon();
    },
    refresh() {
      theme = readTheme(root);
      panels.layout();
      colourLines(root, theme);
      strip.figure.stale = true;
      film.draw();
    },
    /** @param {string} name of a part that is here now */
    arrived(name) {
      const [id, part] = name.split("/"), own = cast.members.filter((member) => member.timeline.header.id === id);
      if (!own.length) return;
      own.forEach((member) => (member.timeline.maps = mapsFor(member.timeline)));
      panels.arrived(part);
      places().forEach((place) => place.arrived(part));
      toldIndex = -1;
      film.draw();
    },
    /** @param {Control} control */
    command({ step, panels: ids, play }) {
      panels.choose(ids);
      layout();
      const index = film.nearest(step);
      if (play) film.playTo(index); else film.goTo(index, { silent: true });
    },
    stop() {
      clearTimeout(later);
      endQuietPlay();
      presenter.stop();
      removeEventListener("beforeprint", printAll);
      deaf();
      pointAt(NOTHING);
      film.stop();
      panels.stop();
      sizes.disconnect();
      slim.stop();
      document.removeEventListener("keydown", onPageKey);
      if (registry.films.get(control.key) === film) [registry.films, registry.scenes].forEach((known) => known.delete(control.key));
      if (registry.active === film) registry.active = [...registry.films.values()].at(-1) ?? null;
    },
  };
}

/** What stands in the column of the page: the outermost element that holds nothing but the film. Sticky there, it stays
 * while all that is below it in the page scrolls; sticky in its own place it would go with that.
 * @param {HTMLElement} root @returns {HTMLElement | null} none outside of Streamlit and of the static site */
function pageOf(root) {
  const column = '[data-testid="stVerticalBlock"]';
  const tree = root.getRootNode(), host = tree instanceof ShadowRoot ? tree.host : root;
  let outer = /** @type {HTMLElement | null} */ (host.closest(".site-film"));
  if (outer) return outer;
  outer = host.closest(column);
  while (outer?.parentElement && !outer.parentElement.matches(column)) outer = outer.parentElement;
  return outer?.parentElement ? outer : null;
}
