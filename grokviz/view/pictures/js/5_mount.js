// One picture in one place of the page: built anew when its data change, painted when size, theme or pointer do.

const KINDS = { rings: makeRings, waves: makeWaves, map: makeMap };
const mounted = new WeakMap();

function mount({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".pic");
  mounted.get(root)?.();
  const words = element("p", "pic-words", data.hint);
  const say = (text) => (words.textContent = text || data.hint);
  const picture = KINDS[data.kind](data, say);
  const repaint = () => picture.paint(readTheme(root));
  picture.repaint = repaint;
  picture.pick = (chosen) => setTriggerValue("pick", chosen);
  root.replaceChildren(picture, words);
  const size = new ResizeObserver(repaint);
  size.observe(root);
  const hover = (event) => {
    picture.hover?.(event.detail);
    if (picture.hover) repaint();
  };
  globalThis.addEventListener(HOVER, hover);
  const stop = () => {
    size.disconnect();
    globalThis.removeEventListener(HOVER, hover);
  };
  mounted.set(root, stop);
  repaint();
  return stop;
}
