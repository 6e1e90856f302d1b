// What a page does beside its figures: the menu of a phone closes when a page was chosen, a word opens its meaning, and
// the word Stop, which would stop the page and no training, stays away, and words in the dark theme are light enough.

import { lightenWords } from "./contrast.js";
import { closePhoneMenu } from "./phone-menu.js";
import { keepHeadingsWithText } from "./print.js";
import { hideStop } from "./stop.js";
import { explainWords } from "./words.js";

/** Called by Streamlit at first, and whenever the page or the theme is another one.
 * @param {{ data: { page: string }, parentElement: Element }} component */
export function mount({ data, parentElement }) {
  closePhoneMenu(data.page);
  hideStop();
  keepHeadingsWithText();
  const card = /** @type {HTMLElement} */ (parentElement.querySelector(".gv-word"));
  const style = getComputedStyle(card); // the theme may change without Python hearing of it
  lightenWords(style.colorScheme === "dark", style.getPropertyValue("--st-link-color"));
  return explainWords(card);
}
