// One film in one place of the page: strip, panels, and what drives them.

import { makeFilm } from "./film.js";
import { makePanels } from "./grid.js";
import { onKey } from "./keys.js";
import { make } from "./kit/dom.js";
import { registry } from "./kit/registry.js";
import { readTheme } from "./kit/theme.js";
import { spoken } from "./narrator.js";
import { makeLinkButton, saveCurves, savePicture } from "./saving.js";
import { makeStrip } from "./strip.js";

const TEXT_EVERY_MS = 90; // sentences change slower than pictures: they are to be read

export function buildScrubber(place, core, control) {
  const { root } = place;
  const timeline = { header: core.header, arrays: core.arrays, maps: registry.parts.get(`${core.header.id}/maps`) ?? null };
  const film = makeFilm(core.header);
  const full = control.layout === "full";
  const panels = makePanels(timeline, film, { need: place.need, onchoose: () => { layout(); film.commitSoon(); } });
  const saves = [
    make("button", "gv-link", { type: "button", text: "Save the curves as CSV", onclick: () => saveCurves(timeline) }),
    make("button", "gv-link", { type: "button", text: "Save the loss strip as PNG", onclick: () =>
      savePicture(timeline, theme, strip.figure, { title: core.header.title, caption: strip.caption(), step: film.step(), name: "loss" }) }),
  ];
  const newStrip = () => makeStrip(timeline, film, { onlayout: () => layout(), menus: [...(full ? [panels.chooser] : []), ...makeLinkButton(film, panels.chosen)], saves });
  let strip = newStrip();
  const live = make("p", "gv-heard", { "aria-live": "polite" });
  root.replaceChildren(strip.element, strip.narrator, panels.grid, live);
  root.classList.toggle("gv-film-strip", !full);
  let theme = readTheme(root), told = 0, toldIndex = -1, width = 0, later = 0;

  function layout() {
    width = Math.floor(root.clientWidth);
    if (!width) return;
    strip.layout(width, theme);
    root.style.setProperty("--gv-top", `${document.querySelector('[data-testid="stHeader"]')?.offsetHeight ?? 0}px`);
    panels.layout();
    strip.figure.stale = true;
    toldIndex = -1;
    film.draw();
  }

  film.onframe = (now) => {
    if (!width) return;
    strip.paint(theme);
    panels.paint(theme);
    strip.showPlaying();
    const i = film.index();
    if (film.busy() && now - told < TEXT_EVERY_MS) {
      clearTimeout(later);
      later = setTimeout(film.draw, TEXT_EVERY_MS); // the hand may rest before the words have caught up
      return;
    }
    if (i !== toldIndex) strip.tell(i);
    panels.tell(i);
    [told, toldIndex] = [now, i];
  };
  film.oncommit = () => {
    live.textContent = spoken(timeline, film.goal());
    place.commit({ step: film.steps[film.goal()], panels: panels.chosen(), seq: place.seq });
  };

  const onRootKey = (event) => onKey(event, film, true, strip.range);
  const onPageKey = (event) => onKey(event, film, false, strip.range);
  root.onkeydown = onRootKey;
  document.addEventListener("keydown", onPageKey);
  root.onpointerdown = (event) => {
    registry.active = film;
    for (const menu of root.querySelectorAll(".gv-menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  };
  const sizes = new ResizeObserver(() => {
    if (Math.floor(root.clientWidth) !== width) layout();
  });
  sizes.observe(root);
  if (full || !registry.active) registry.active = film;
  registry.films.set(control.key, film);

  panels.choose(control.panels);
  film.goTo(film.nearest(control.step), { silent: true, eased: false });
  strip.tell(film.index());
  layout();

  return {
    film,
    get id() { return timeline.header.id; },
    // The run has gone on. At its last step the film goes along.
    grow({ header, arrays }) {
      const focused = root.contains(root.getRootNode().activeElement), step = film.step();
      Object.assign(timeline, { header, arrays, maps: registry.parts.get(`${header.id}/maps`) ?? null });
      film.grow(header);
      const before = strip;
      strip = newStrip();
      before.element.replaceWith(strip.element);
      before.narrator.replaceWith(strip.narrator);
      panels.grow();
      layout();
      strip.tell(film.index());
      if (focused) strip.range.focus({ preventScroll: true });
      if (film.step() !== step) film.commitSoon();
    },
    refresh() {
      theme = readTheme(root);
      panels.layout();
      strip.figure.stale = true;
      film.draw();
    },
    arrived(name) {
      if (name !== `${timeline.header.id}/maps`) return;
      timeline.maps = registry.parts.get(name);
      toldIndex = -1;
      film.draw();
    },
    command({ step, panels: ids, play }) {
      panels.choose(ids);
      layout();
      const index = film.nearest(step);
      if (play) film.playTo(index); else film.goTo(index, { silent: true });
    },
    stop() {
      clearTimeout(later);
      film.stop();
      panels.stop();
      sizes.disconnect();
      document.removeEventListener("keydown", onPageKey);
      if (registry.films.get(control.key) === film) registry.films.delete(control.key);
      if (registry.active === film) registry.active = [...registry.films.values()].at(-1) ?? null;
    },
  };
}
