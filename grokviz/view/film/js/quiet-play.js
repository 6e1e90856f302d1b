// At first sight the film plays once by itself, quietly: nothing is said, and whatever the visitor does ends it.

/** @import { Film } from "./film.js" */

const BEGIN_MS = 1200, SECONDS = 9;
const TOUCHES = ["pointerdown", "keydown", "wheel", "touchstart"];

/** Returns how to end it. @param {Film} film @param {HTMLElement} root */
export function playQuietly(film, root) {
  if (globalThis.grokvizPlayed || matchMedia("(prefers-reduced-motion: reduce)").matches) return () => {};
  const end = () => {
    clearTimeout(timer);
    watcher.disconnect();
    for (const touch of TOUCHES) document.removeEventListener(touch, end, { capture: true });
    film.pause();
  };
  const begin = () => {
    if (film.touched || document.hidden) return end();
    globalThis.grokvizPlayed = true;
    film.playTo(film.steps.length - 1, SECONDS);
  };
  let timer = 0;
  const watcher = new IntersectionObserver(([{ isIntersecting }]) => {
    clearTimeout(timer);
    if (isIntersecting && !globalThis.grokvizPlayed) timer = setTimeout(begin, BEGIN_MS);
  }, { threshold: 0.3 });
  watcher.observe(root);
  for (const touch of TOUCHES) document.addEventListener(touch, end, { capture: true, passive: true });
  return end;
}
