// The panels under the strip: which are up, and the list to choose them from. Of several runs each panel is a row.

/** @import { Theme } from "./contract.js" */
/** @import { Cast } from "./members.js" */
/** @import { PanelFrame } from "./panel-frame.js" */
/** @import { Row } from "./rows.js" */

import { overlay } from "./beside.js";
import { make, makeMenu } from "./kit/dom.js";
import { makeWatcher } from "./kit/sight.js";
import { PANELS } from "./panels/index.js";
import { lettered } from "./members.js";
import { rivalRow, singleRow, wholeRow } from "./rows.js";

/** @param {Cast} cast @param {{ need: (part: string, run: string) => void, onchoose: () => void, pick?: (chosen: object) => void }} page */
export function makePanels(cast, { need, onchoose, pick }) {
  const several = cast.rivals.length > 0, grid = make("div", several ? "gv-grid gv-rows" : "gv-grid");
  const always = several ? overlay(cast).map((panel) => wholeRow(cast, panel)) : [];
  /** @type {Map<string, Row>} */
  const rows = new Map();
  let shown = /** @type {Row[]} */ ([]);
  const cells = () => shown.flatMap((row) => row.cells);

  const watcher = makeWatcher((element) => cells().find(({ frame }) => frame.element === element)?.frame, cast.film.draw);

  /** @param {string[]} ids */
  function show(ids) {
    const wanted = PANELS.filter(({ id }) => ids.includes(id));
    for (const panel of wanted) if (!rows.has(panel.id)) rows.set(panel.id, several ? rivalRow(cast, panel, need) : singleRow(cast, panel, need, pick));
    for (const row of shown) if (!ids.includes(row.id)) row.cells.forEach(({ frame }) => watcher.unobserve(frame.element));
    shown = [...always, ...wanted.flatMap(({ id }) => rows.get(id) ?? [])];
    grid.replaceChildren(...shown.map(({ element }) => element));
    for (const { frame } of cells()) watcher.observe(frame.element);
  }
  const { chooser, choose, chosen } = makeChooser(show, onchoose);
  /** Figures for a film that is kept, with their titles: of several runs the first row in which each has one, by their letters. */
  const pictures = () => (shown.slice(always.length).find((row) => row.cells.every(({ frame }) => !frame.element.classList.contains("gv-empty")))?.cells ?? []).map(
    ({ frame, hand, head }) => ({ title: head ? lettered(cast.rivals.find(({ film }) => film === hand)) : frame.title, figure: frame.figure }));
  return {
    grid, chooser, choose, chosen, ...acts(cells, () => [...always, ...rows.values()]), stop: () => watcher.disconnect(),
    pictures: several ? pictures : () => cells().map(({ frame }) => frame),
  };
}

/** What is done with all figures: `cells` are those that are up, `rows` also those that were.
 * @param {() => Row["cells"]} cells @param {() => Row[]} rows */
function acts(cells, rows) {
  const each = (/** @type {(frame: PanelFrame) => void} */ act) => rows().forEach((row) => row.cells.forEach(({ frame }) => act(frame)));
  return {
    layout: () => cells().forEach(({ frame }) => frame.layout()),
    /** Draw those that are not in sight, too: on paper they are. */
    seeAll: () => cells().forEach(({ frame }) => frame.seenForPicture()),
    /** @param {Theme} theme @param {boolean} moving */
    paint(theme, moving) {
      for (const { frame, head } of cells()) {
        if (head) frame.element.classList.toggle("gv-over", head.over());
        frame.paint(theme, moving);
      }
    },
    /** What each says at its own snapshot. */
    tell() {
      for (const { frame, hand, head } of cells()) {
        head?.tell();
        frame.tell(hand.index());
      }
    },
    flush: () => cells().forEach(({ frame }) => frame.figure.flush()),
    grow: () => each((frame) => frame.grow()),
    /** A part is here, or another one of the same name: other neurons. @param {string} name */
    arrived: (name) => each((frame) => frame.needs.includes(name) && frame.grow()),
  };
}

/** The list of panels. @param {(ids: string[]) => void} show @param {() => void} onchoose */
function makeChooser(show, onchoose) {
  const boxes = PANELS.map(({ id }) => make("input", "", { type: "checkbox", value: id, onchange: () => {
    show(chosen());
    onchoose();
  } }));
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  return {
    chooser: makeMenu("Panels", ...PANELS.map(({ title, name }, i) =>
      make("label", "", {}, boxes[i], make("span", "", { text: title }), make("span", "gv-short", { text: name })))),
    chosen,
    /** @param {string[]} ids */
    choose(ids) {
      for (const box of boxes) box.checked = ids.includes(box.value);
      show(ids);
    },
  };
}
