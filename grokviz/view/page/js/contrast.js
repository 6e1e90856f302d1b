// In the dark theme one colour cannot be both: dark enough under the white words of a button and light enough for words
// in it. The theme has the first. The words that Streamlit writes in it, and has no setting for, get the colour of links.

const WORDS_IN_IT = '[data-testid="stSliderThumbValue"], button[data-selected="true"]';

/** @param {boolean} dark @param {string} colour of links */
export function lightenWords(dark, colour) {
  const sheet = (globalThis.grokvizContrast ??= new CSSStyleSheet());
  if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets.push(sheet);
  sheet.replaceSync(dark ? `:is(${WORDS_IN_IT}), :is(${WORDS_IN_IT}) * { color: ${colour} !important; }` : "");
}
