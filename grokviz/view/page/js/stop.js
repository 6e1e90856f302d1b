// While a page is computed, Streamlit offers to stop it. Beside a training the word would mislead, so it is not shown; the
// sign that something is going on is.

export function hideStop() {
  const header = document.querySelector('[data-testid="stHeader"]');
  if (!header || globalThis.grokvizStopHidden) return;
  const hide = () => {
    for (const button of header.querySelectorAll('[data-testid="stStatusWidget"] button')) /** @type {HTMLElement} */ (button).style.display = "none";
  };
  globalThis.grokvizStopHidden = new MutationObserver(hide);
  globalThis.grokvizStopHidden.observe(header, { childList: true, subtree: true });
  hide();
}
