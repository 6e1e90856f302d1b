// The panels under the strip: which are up, their frames, what they say.

import { makeDraggable, makeFigure } from "./kit/canvas.js";
import { make, makeMenu, setText } from "./kit/dom.js";
import { PANELS } from "./panels/index.js";
import { savePicture } from "./saving.js";

const PART_PATIENCE_MS = 1500;

export function makePanels(timeline, film, { need, onchoose }) {
  const grid = make("div", "gv-grid"), views = new Map();

  function view(panel) {
    const figure = makeFigure("gv-panel-figure", panel.title);
    const caption = make("p", "gv-caption"), note = make("p", "gv-note");
    const save = make("button", "gv-link", { type: "button", text: "Save PNG", onclick: () =>
      savePicture(timeline, made.theme, figure, { title: panel.title, caption: caption.textContent, step: film.step(), name: panel.id }) });
    const howto = make("details", "gv-howto", {},
      make("summary", "", { text: "How to read this" }), make("p", "", { text: panel.howto }), save);
    const element = make("figure", "gv-panel", { "data-panel": panel.id },
      make("h3", "gv-title", { text: panel.title }), figure.holder, make("figcaption", "", {}, caption), howto);
    figure.holder.append(note);
    const made = { panel, figure, caption, note, element, own: null, visible: false, theme: null, asked: 0 };
    if (panel.scrubs) {
      makeDraggable(figure.front, film, (x) => {
        if (!made.own || film.steps.length < 2) return film.axis.unitAt(film.position); // nothing to point at yet
        const box = panel.box(made.own, { ...figure, theme: made.theme });
        return (x - box.left) / box.width;
      });
    }
    if (panel.hover) {
      figure.front.onpointermove = (event) => point(made, event.offsetX, event.offsetY);
      figure.front.onpointerdown = figure.front.onpointermove;
      figure.front.onpointerleave = () => point(made, -1e6, -1e6);
    }
    return made;
  }

  const nowhere = { numbers: [], pair: null, words: "" };
  function point(made, x, y) {
    if (!made.own) return;
    const found = made.panel.hover(made.own, x, y, { ...made.figure, timeline, film, theme: made.theme }) ?? nowhere;
    film.hover = found;
    made.element.classList.toggle("gv-pointed", Boolean(found.words));
    if (found.words) setText(made.caption, `${found.words}.`);
    else made.told = -1;
    film.hovered = found.words ? made : null;
    film.draw();
  }

  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const made = [...views.values()].find(({ element }) => element === entry.target);
      if (made) [made.visible, made.told] = [entry.isIntersecting, -1];
    }
    film.draw();
  }, { rootMargin: "80px" });

  function show(ids) {
    const wanted = PANELS.filter(({ id }) => ids.includes(id));
    for (const panel of wanted) if (!views.has(panel.id)) views.set(panel.id, view(panel));
    for (const { panel, element } of views.values()) if (!ids.includes(panel.id)) watcher.unobserve(element);
    grid.replaceChildren(...wanted.map(({ id }) => views.get(id).element));
    for (const { id } of wanted) watcher.observe(views.get(id).element);
  }

  function layout() {
    for (const { figure, element } of views.values()) {
      if (!element.isConnected) continue;
      const width = Math.floor(figure.holder.clientWidth);
      if (width > 0) figure.resize(width, Math.round(Math.min(width * 1.03, 420)));
      figure.stale = true;
    }
  }

  // What keeps a panel from being drawn, in words; null when it can be drawn.
  function obstacle(made) {
    if (made.panel.part === "maps" && !timeline.maps) {
      if (!made.asked) {
        made.asked = performance.now();
        need("maps");
        setTimeout(() => film.draw(), PART_PATIENCE_MS);
      }
      return performance.now() - made.asked < PART_PATIENCE_MS - 50 ? "" : "On its way.";
    }
    return made.panel.empty?.(timeline) ?? null;
  }

  function paint(theme) {
    for (const made of views.values()) {
      const { panel, figure } = made;
      if (!made.visible || !made.element.isConnected || !figure.width) continue;
      const words = obstacle(made);
      made.element.classList.toggle("gv-empty", words !== null);
      if (words !== null) {
        setText(made.note, words);
        continue;
      }
      made.theme = theme;
      made.own ??= panel.prepare(timeline, theme);
      const context = { width: figure.width, height: figure.height, scale: figure.scale, film, timeline, theme };
      if (figure.stale) {
        panel.background(figure.clear(figure.back), made.own, context);
        figure.stale = false;
      }
      panel.live(figure.clear(figure.front), made.own, context);
    }
  }

  // Cheap where nothing changed: called every frame that stands still.
  function tell(i) {
    for (const made of views.values()) {
      if (!made.visible || made.told === i || made.element.classList.contains("gv-empty") || film.hovered === made) continue;
      made.told = i;
      const words = made.panel.caption(timeline, i);
      setText(made.caption, words);
      made.figure.front.setAttribute("aria-label", `${made.panel.title} ${words}`);
    }
  }

  const chosen = () => [...grid.children].map((element) => element.dataset.panel);
  const boxes = PANELS.map(({ id }) => make("input", "", { type: "checkbox", value: id, onchange: () => {
    show(boxes.filter((box) => box.checked).map((box) => box.value));
    onchoose();
  } }));
  const chooser = makeMenu("Panels", ...PANELS.map(({ name }, i) => make("label", "", {}, boxes[i], make("span", "", { text: name }))));

  function choose(ids) {
    for (const box of boxes) box.checked = ids.includes(box.value);
    show(ids);
  }

  // The timeline has gone on: what was prepared of it is prepared anew when it is drawn.
  function grow() {
    for (const made of views.values()) {
      Object.assign(made, { own: null, asked: 0, told: -1 });
      made.figure.stale = true;
    }
  }

  return { grid, chooser, choose, chosen, layout, paint, tell, grow, stop: () => watcher.disconnect() };
}
