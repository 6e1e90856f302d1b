// Where Streamlit and the offline page come in: builds the film when its blob is here, and hears what Python says.

/** @import { Film } from "./film.js" */
/** @import { Header } from "./contract.js" */
/** @import { Control } from "./kit/registry.js" */
/** @import { Site, View } from "./view.js" */

import { setFree } from "./kit/dom.js";
import { decodeMessage, keepCarried, registry } from "./kit/registry.js";
import { mountPanels } from "./places.js";
import { buildView } from "./view.js";

const BLOB_PATIENCE_MS = 1500;
const HAND_PATIENCE_MS = 250; // a run that grows waits until the hand has let go

/** @typedef {Site & { view: View | null, control: Control | null, timer: number, told: (name: string) => void, heard: (event: Event) => void }} Place */

/** @type {WeakMap<Element, Place>} */
const mounted = new WeakMap();

globalThis.grokvizPanels = mountPanels; // for components that are too small to bring all of this along
dispatchEvent(new Event("grokviz-ready"));
keepCarried();
addEventListener("grokviz-carried", keepCarried);

/** Called by Streamlit at first, then whenever the data or the theme change; `data` may bring parts or only a command.
 * @param {{ data: Uint8Array | null, parentElement: Element, setStateValue: (name: string, value: object) => void,
 *   setTriggerValue: (name: string, value: any) => void }} component */
export function mount({ data, parentElement, setStateValue, setTriggerValue }) {
  const place = mounted.get(parentElement) ?? newPlace(parentElement);
  place.commit = (state) => setStateValue("view", state);
  place.need = (part, run) => setTriggerValue("need", place.control?.ids ? `${run}/${part}` : part);
  place.pick = (chosen) => setTriggerValue("pick", chosen);
  if (data) place.control = decodeMessage(data);
  settle(place);
  return () => {
    clearTimeout(place.timer);
    place.view?.stop();
    registry.waiting.delete(place.told);
    removeEventListener("grokviz-command", place.heard);
    mounted.delete(parentElement);
  };
}

/** @param {Element} parentElement */
function newPlace(parentElement) {
  /** @type {Place} */
  const place = {
    root: /** @type {HTMLElement} */ (parentElement.querySelector(".gv")),
    view: null, control: null, timer: 0, seq: undefined,
    commit() {}, need() {}, pick() {},
    told(name) {
      place.view?.arrived(name);
      settle(place);
    },
    heard(event) {
      if (/** @type {CustomEvent} */ (event).detail === place.control?.key) settle(place);
    },
  };
  mounted.set(parentElement, place);
  registry.waiting.add(place.told);
  addEventListener("grokviz-command", place.heard);
  return place;
}

/** Whether `next` is a later state of the run that `film` shows: hand and eye then stay where they are.
 * @param {Film} film @param {Header} next */
function isLater(film, next) {
  const now = film.header, last = (/** @type {Header} */ { steps }) => steps[steps.length - 1];
  return !now.finished && now.p === next.p && now.title === next.title && last(next) >= last(now);
}

/** Brings what is on screen in line with the last word from Python. @param {Place} place */
function settle(place) {
  clearTimeout(place.timer);
  if (!place.control) return;
  /** @type {Control} */
  const control = { ...place.control, ...globalThis.grokvizCommands?.get(place.control.key) };
  const ids = control.ids ?? [control.id], cores = ids.flatMap((id) => registry.parts.get(`${id}/core`) ?? []), [core] = cores;
  if (control.seq === undefined) return; // the command is still on its way
  if (cores.length < ids.length) {
    const lacking = /** @type {string} */ (ids.find((id) => !registry.parts.has(`${id}/core`)));
    place.timer = setTimeout(() => place.need("core", lacking), BLOB_PATIENCE_MS);
    return;
  }
  const { view } = place;
  if (view?.id === ids.join()) {
    if (place.seq === control.seq) view.refresh(); else view.command(control);
  } else if (view && cores.length === 1 && place.seq === control.seq && isLater(view.film, core.header)) {
    if (view.film.held || view.film.moving() || place.root.querySelector(".gv-menu[open]")) {
      place.timer = setTimeout(() => settle(place), HAND_PATIENCE_MS);
      return;
    }
    view.grow(core);
  } else {
    view?.stop();
    place.view = buildView(place, cores, control);
    setFree(place.root);
  }
  place.seq = control.seq;
}
