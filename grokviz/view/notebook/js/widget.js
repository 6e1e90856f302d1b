// The film in a notebook: the model of anywidget in place of Streamlit's component.

import { mount } from "../../film/js/mount.js";
import { make } from "../../film/js/kit/dom.js";
import { decodeMessage, encodeMessage } from "../../film/js/kit/registry.js";

/**
 * @typedef {object} Model what anywidget gives
 * @property {(name: string) => any} get
 * @property {(name: string, value: unknown) => void} set
 * @property {() => void} save_changes
 * @property {(name: string, heard: () => void) => void} on
 * @property {(name: string, heard: () => void) => void} off
 */

/** Whether the notebook around is dark: each of them says it in its own way. */
function isDark() {
  const { body, documentElement: root } = document;
  if (body.dataset.jpThemeLight) return body.dataset.jpThemeLight === "false";
  if (/vscode-(dark|light)/.test(body.className)) return body.className.includes("vscode-dark");
  const said = root.getAttribute("theme") ?? root.dataset.theme ?? (root.classList.contains("dark") ? "dark" : null);
  return said ? said === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

let shown = 0; // films of this page: the same run may be there twice

/** @param {{ model: Model, el: HTMLElement }} widget */
export function render({ model, el }) {
  const place = make("div", "gv-notebook", { "data-theme": isDark() ? "dark" : "light" }, make("div", "gv"));
  el.replaceChildren(place);
  const bytes = /** @type {DataView} */ (model.get("data"));
  const data = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice();
  const key = `notebook-${(shown += 1)}`, commands = (globalThis.grokvizCommands ??= new Map());
  let seq = 0, heard = { step: model.get("step"), panels: model.get("panels") };
  const told = () => ({ key, layout: "full", step: model.get("step"), panels: model.get("panels") });
  commands.set(key, { ...told(), seq });
  const control = decodeMessage(data); // and its parts are kept, once for all films of this run
  const end = mount({
    data: encodeMessage({ ...control, key }, []),
    parentElement: place,
    setStateValue(_, state) {
      const view = /** @type {{ step: number, panels: string[] }} */ (state);
      heard = { step: view.step, panels: view.panels };
      model.set("step", view.step);
      model.set("panels", view.panels);
      model.save_changes();
    },
    setTriggerValue: () => void decodeMessage(data), // a part that made room for those of other films
  });
  const obey = () => {
    if (model.get("step") === heard.step && model.get("panels").join() === heard.panels.join()) return;
    commands.set(key, { ...told(), seq: (seq += 1) });
    dispatchEvent(new CustomEvent("grokviz-command", { detail: key }));
  };
  model.on("change:step", obey);
  model.on("change:panels", obey);
  return () => {
    model.off("change:step", obey);
    model.off("change:panels", obey);
    end();
  };
}
