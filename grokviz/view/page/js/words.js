// A link to an entry of the glossary opens its meaning beside it; without this script it leads to the page.

const LINK = 'a[href*="glossary#"]', MARGIN = 12; // pixels to the edge of the window

/** Returns how to end it. @param {HTMLElement} card where a meaning is shown */
export function explainWords(card) {
  const onClick = (/** @type {MouseEvent} */ event) => {
    const link = /** @type {HTMLAnchorElement | null} */ (/** @type {Element} */ (event.target).closest?.(LINK));
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const meaning = WORDS[link.hash.slice(1)];
    if (!meaning) return;
    event.preventDefault();
    event.stopPropagation();
    show(card, meaning, link);
  };
  document.addEventListener("click", onClick, { capture: true });
  return () => document.removeEventListener("click", onClick, { capture: true });
}

/** @param {HTMLElement} card @param {[word: string, meaning: string]} entry @param {HTMLElement} link */
function show(card, [word, meaning], link) {
  const head = document.createElement("strong"), text = document.createElement("p");
  [head.textContent, text.textContent] = [word, meaning];
  card.replaceChildren(head, text);
  card.setAttribute("aria-label", word);
  card.hidePopover();
  card.showPopover();
  const at = link.getClientRects()[0], room = card.getBoundingClientRect();
  const below = at.bottom + 6 + room.height < innerHeight - MARGIN;
  card.style.left = `${Math.max(MARGIN, Math.min(at.left, innerWidth - room.width - MARGIN))}px`;
  card.style.top = `${Math.max(MARGIN, below ? at.bottom + 6 : at.top - room.height - 6)}px`;
  card.focus({ preventScroll: true });
  card.onkeydown = (event) => {
    if (event.key === "Escape") link.focus({ preventScroll: true });
  };
}
