// On paper a heading stays with what it heads. Blocks of Streamlit are flex boxes, in which browsers break where they like.

const RULES = `@media print {
  [data-testid="stMainBlockContainer"] { padding-top: 4rem !important; }
  [data-testid="stVerticalBlock"] { display: block !important; }
  [data-testid="stVerticalBlock"] > * { margin-bottom: 1rem; }
  [data-testid="stElementContainer"]:has(h1, h2, h3) { break-after: avoid; }
  [data-testid="stElementContainer"]:has(p, canvas, svg) { orphans: 3; widows: 3; }
}`;

export function keepHeadingsWithText() {
  if (globalThis.grokvizPrint) return;
  globalThis.grokvizPrint = new CSSStyleSheet();
  globalThis.grokvizPrint.replaceSync(RULES);
  document.adoptedStyleSheets.push(globalThis.grokvizPrint);
}
