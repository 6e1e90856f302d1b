// One picture in one place of the page: built anew when its data change, painted when size, theme or pointer do.

import { readTheme } from "../../film/js/kit/theme.js";
import { element, HOVER } from "./frame.js";
import { makeMap } from "./map.js";
import { makeRings } from "./rings.js";
import { makeWaves } from "./waves.js";

const KINDS = { rings: makeRings, waves: makeWaves, map: makeMap };
const mounted = new WeakMap();

export function mount({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".pic");
  mounted.get(root)?.();
  const words = element("p", "pic-words", data.hint);
  const say = (text) => (words.textContent = text || data.hint);
  const picture = KINDS[data.kind](data, say);
  const repaint = () => picture.paint(readTheme(root));
  picture.repaint = repaint;
  picture.pick = (chosen) => setTriggerValue("pick", chosen);
  root.replaceChildren(picture, words);
  const size = new ResizeObserver(repaint);
  size.observe(root);
  const hover = (event) => {
    picture.hover?.(event.detail);
    if (picture.hover) repaint();
  };
  globalThis.addEventListener(HOVER, hover);
  const stop = () => {
    size.disconnect();
    globalThis.removeEventListener(HOVER, hover);
  };
  mounted.set(root, stop);
  repaint();
  return stop;
}
