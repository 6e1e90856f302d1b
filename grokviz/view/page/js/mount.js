// What a page does beside its figures: the menu of a phone closes when a page was chosen, a word opens its meaning, and
// the word Stop, which would stop the page and no training, stays away.

import { closePhoneMenu } from "./phone-menu.js";
import { hideStop } from "./stop.js";
import { explainWords } from "./words.js";

/** Called by Streamlit at first, and whenever the page is another one.
 * @param {{ data: { page: string }, parentElement: Element }} component */
export function mount({ data, parentElement }) {
  closePhoneMenu(data.page);
  hideStop();
  return explainWords(/** @type {HTMLElement} */ (parentElement.querySelector(".gv-word")));
}
