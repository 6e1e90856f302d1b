// Which figures are in sight. Those near by are drawn, too, so that they stand there when the page is scrolled, but only
// while nothing moves: under the hand and under play every frame is for what is looked at.

/** How far beyond the window, or within it: a rim behind the header and at the foot shows no more than the edge of a figure.
 * @type {[keyof Sight, string][]} */
const MARGINS = [["near", "120px"], ["inSight", "-60px 0px -20px"]];

/** @typedef {{ near?: boolean, inSight?: boolean }} Sight */

/** @param {(element: Element) => { seen: (sight: Sight) => void } | undefined} figureOf @param {() => void} draw */
export function makeWatcher(figureOf, draw) {
  const watchers = MARGINS.map(([name, rootMargin]) =>
    new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) figureOf(target)?.seen({ [name]: isIntersecting });
      draw();
    }, { rootMargin }));
  return {
    /** @param {Element} element */
    observe: (element) => watchers.forEach((watcher) => watcher.observe(element)),
    /** @param {Element} element */
    unobserve: (element) => watchers.forEach((watcher) => watcher.unobserve(element)),
    disconnect: () => watchers.forEach((watcher) => watcher.disconnect()),
  };
}
