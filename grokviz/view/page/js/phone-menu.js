// On a phone the menu lies over the page. Streamlit closes it at a press beside it and remembers whether it was open, also
// for the next visit; a choice in it is no such press. So the page that was chosen says it was pressed. Where the menu is
// above the page, nothing happens.

/** @param {string} page the one in view */
export function closePhoneMenu(page) {
  if (globalThis.grokvizPage === page) return;
  globalThis.grokvizPage = page;
  document.querySelector('[data-testid="stMain"]')?.dispatchEvent(new MouseEvent("mousedown", { bubbles: true }));
}
