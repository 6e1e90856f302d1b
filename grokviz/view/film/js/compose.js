// The frames of a film that is kept: the strip and up to three panels in one picture, for each place on the axis.

/** @import { Canvas, Theme } from "./contract.js" */
/** @import { Film } from "./film.js" */
/** @import { Figure } from "./kit/canvas.js" */

import { whole } from "./kit/wording.js";

export const VIDEO_WIDTH = 1280, VIDEO_HEIGHT = 720;
const VIDEO_MARGIN = 28, VIDEO_HEAD = 72, VIDEO_TITLE = 26;
const ROOMY_STRIP = 700; // pixels: a strip as wide stands above the panels, a narrower one beside them

/** @typedef {{ title: string, figure: Figure }} Picture */
/** @typedef {{ title: string, theme: () => Theme, strip: () => Picture, panels: () => Picture[], begin: () => void, end: () => void }} Stage
 * what is filmed: `begin` sees to it that all of it is drawn, `end` that it is as before */

/** What is to be filmed: places on the axis, who hears of the progress, and whether to stop.
 * @typedef {{ from: number, to: number, seconds: number, progress: (share: number) => void, isStopped: () => boolean }} Take */

export const STOPPED = new Error("stopped by the viewer");

/** So that the page hears its visitor. */
export const turn = () => new Promise((resolve) => setTimeout(resolve));

/** Draws so many frames at once, none of them on time, and hands each on; then all is as before. Raises `STOPPED`.
 * @param {Film} film @param {Stage} stage @param {Take} take @param {number} count @param {(i: number) => Promise<void> | void} use */
export async function eachFrame(film, stage, { from, to, progress, isStopped }, count, use) {
  const before = film.position;
  stage.begin();
  film.held = true; // the words of the page may lag meanwhile
  try {
    for (let i = 0; i < count && !isStopped(); i++) {
      film.showAt(from + ((to - from) * i) / (count - 1));
      film.onframe(performance.now());
      await use(i);
      progress((i + 1) / count);
      await turn();
    }
  } finally {
    film.position = before;
    stage.end();
  }
  if (isStopped()) throw STOPPED;
}

/** One frame: the title and the step above, then the strip, and up to three panels. @param {Canvas} g @param {Film} film @param {Stage} stage */
export function composeFrame(g, film, stage) {
  const theme = stage.theme(), strip = stage.strip(), panels = stage.panels().slice(0, 3);
  g.fillStyle = theme.background;
  g.fillRect(0, 0, VIDEO_WIDTH, VIDEO_HEIGHT);
  g.fillStyle = theme.text;
  [g.font, g.textBaseline, g.textAlign] = [theme.font(24, 600), "middle", "left"];
  g.fillText(stage.title, VIDEO_MARGIN, VIDEO_HEAD / 2, VIDEO_WIDTH - 320);
  g.textAlign = "right";
  g.fillText(`step ${whole(film.step())}`, VIDEO_WIDTH - VIDEO_MARGIN, VIDEO_HEAD / 2);
  const inside = VIDEO_WIDTH - 2 * VIDEO_MARGIN, roomy = strip.figure.width >= ROOMY_STRIP && panels.length > 0;
  const above = roomy ? Math.min(inside * (strip.figure.height / strip.figure.width), 290) : 0;
  if (roomy) placePicture(g, theme, { ...strip, title: "" }, [VIDEO_MARGIN, VIDEO_HEAD, inside, above]);
  const row = roomy ? panels : [strip, ...panels], gap = 24, width = (inside - gap * (row.length - 1)) / row.length;
  const top = VIDEO_HEAD + (roomy ? above + 16 : 0);
  row.forEach((picture, i) => placePicture(g, theme, picture, [VIDEO_MARGIN + i * (width + gap), top, width, VIDEO_HEIGHT - VIDEO_MARGIN - top]));
}

/** A figure in a box, as large as it fits, its title above. @param {Canvas} g @param {Theme} theme @param {Picture} picture @param {number[]} box */
function placePicture(g, theme, { title, figure }, [x, y, width, height]) {
  const head = title ? VIDEO_TITLE : 0;
  if (title) {
    g.fillStyle = theme.text;
    [g.font, g.textBaseline, g.textAlign] = [theme.font(16, 600), "top", "left"];
    g.fillText(title, x, y, width);
  }
  if (!figure.width || !figure.height) return;
  const scale = Math.min(width / figure.width, (height - head) / figure.height);
  const [w, h] = [figure.width * scale, figure.height * scale];
  for (const layer of [figure.back, figure.front]) g.drawImage(layer, x + (width - w) / 2, y + head, w, h);
}
