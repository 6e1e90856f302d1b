// What the colours of a picture mean.

import { make } from "../../film/js/kit/dom.js";

/** @param {string} word @param {string} colour */
export function legendEntry(word, colour) {
  const swatch = make("span", "pic-swatch");
  swatch.style.background = colour;
  return make("li", "", {}, swatch, word);
}
