// Where Streamlit and the offline page come in: builds the film when its blob is here, and hears what Python says.

import { decodeMessage, registry } from "./kit/registry.js";
import { buildScrubber } from "./view.js";

const BLOB_PATIENCE_MS = 1500;

const HAND_PATIENCE_MS = 250; // a run that grows waits until the hand has let go

const mounted = new WeakMap();

// Called by Streamlit at first, then whenever the data or the theme change; `data` may bring parts or only a command.
export function mount({ data, parentElement, setStateValue, setTriggerValue }) {
  let place = mounted.get(parentElement);
  if (!place) {
    const root = parentElement.querySelector(".gv");
    place = { root, scrubber: null, timer: 0, seq: null };
    mounted.set(parentElement, place);
    place.told = (name) => {
      place.scrubber?.arrived(name);
      settle(place);
    };
    place.heard = (event) => event.detail === place.control?.key && settle(place);
    registry.waiting.add(place.told);
    addEventListener("grokviz-command", place.heard);
  }
  place.commit = (state) => setStateValue("view", state);
  place.need = (part) => setTriggerValue("need", part);
  if (data) place.control = decodeMessage(data);
  settle(place);
  return () => {
    clearTimeout(place.timer);
    place.scrubber?.stop();
    registry.waiting.delete(place.told);
    removeEventListener("grokviz-command", place.heard);
    mounted.delete(parentElement);
  };
}

// Whether `next` is a later state of the run that `film` shows: hand and eye then stay where they are.
function isLater(film, next) {
  const now = film.header;
  return !now.finished && now.p === next.p && now.title === next.title && next.steps.at(-1) >= now.steps.at(-1);
}

// Brings what is on screen in line with the last word from Python.
function settle(place) {
  clearTimeout(place.timer);
  if (!place.control) return;
  const control = { ...place.control, ...globalThis.grokvizCommands?.get(place.control.key) };
  const core = registry.parts.get(`${control.id}/core`);
  if (control.seq === undefined) return; // the command is still on its way
  if (!core) {
    place.timer = setTimeout(() => place.need("core"), BLOB_PATIENCE_MS);
    return;
  }
  if (place.scrubber?.id !== control.id) {
    const film = place.scrubber?.film;
    if (film && place.seq === control.seq && isLater(film, core.header)) {
      if (film.held || film.moving() || place.root.querySelector(".gv-menu[open]")) {
        place.timer = setTimeout(() => settle(place), HAND_PATIENCE_MS);
        return;
      }
      place.scrubber.grow(core);
    } else {
      place.scrubber?.stop();
      place.scrubber = buildScrubber(place, core, control);
    }
  } else if (place.seq !== control.seq) {
    place.scrubber.command(control);
  } else {
    place.scrubber.refresh();
  }
  place.seq = control.seq;
}
