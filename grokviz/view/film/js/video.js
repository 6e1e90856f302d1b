// The film between two steps as a video or a GIF, made by the browser. Nothing leaves the page.

/** @import { Canvas, Theme, Timeline } from "./contract.js" */
/** @import { Film } from "./film.js" */
/** @import { Figure } from "./kit/canvas.js" */

import { make, setText } from "./kit/dom.js";
import { whole } from "./kit/wording.js";
import { download, fileName } from "./saving.js";
import { applyPalette, GIFEncoder, quantize } from "./vendor/gifenc.js";

const VIDEO_WIDTH = 1280, VIDEO_HEIGHT = 720, VIDEO_MARGIN = 28, VIDEO_HEAD = 72, VIDEO_TITLE = 26, VIDEO_FRAMES = 30, VIDEO_BITS = 6e6;
const ROOMY_STRIP = 700; // pixels: a strip as wide stands above the panels, a narrower one beside them
const GIF_WIDTH = 800, GIF_HEIGHT = 450, GIF_FRAME_MS = 80, GIF_COLOURS = 256;
const VIDEO_KINDS = ["video/mp4;codecs=avc1.640028", "video/mp4", "video/webm;codecs=vp9", "video/webm"];

/** @typedef {{ title: string, figure: Figure }} Picture */
/** @typedef {{ theme: () => Theme, strip: () => Picture, panels: () => Picture[], begin: () => void, end: () => void }} Stage
 * what is filmed: `begin` sees to it that all of it is drawn, `end` that it is as before */

/** What this browser can write; null where it can write no video. */
export const videoKind = () => globalThis.MediaRecorder && VIDEO_KINDS.find((kind) => MediaRecorder.isTypeSupported(kind)) || null;

/** What is to be filmed: places on the axis, who hears of the progress, and whether to stop.
 * @typedef {{ from: number, to: number, seconds: number, progress: (share: number) => void, isStopped: () => boolean }} Take */

/** The choices of a video or a GIF, and the buttons that make it; no video where the browser cannot.
 * @param {Timeline} timeline @param {Film} film @param {Stage} stage @returns {HTMLElement} */
export function makeVideoRow(timeline, film, stage) {
  const kind = videoKind(), ends = [film.steps[0], film.steps[film.steps.length - 1]];
  const [from, to] = ends.map((step, i) => make("input", "gv-number", { type: "number", min: ends[0], max: ends[1], value: step, "aria-label": i ? "Last step of the video" : "First step of the video" }));
  const seconds = make("input", "gv-number", { type: "number", min: 1, max: 60, value: 5, "aria-label": "Seconds of the video" });
  const span = () => {
    const units = [from, to].map(({ valueAsNumber: step }, i) => film.axis.unitAt(film.nearest(Number.isFinite(step) ? step : ends[i])));
    return { from: Math.min(...units), to: Math.max(...units), seconds: Math.min(60, Math.max(1, seconds.valueAsNumber || 5)) };
  };
  const save = (/** @type {string} */ extension, /** @type {Blob} */ blob) => download(fileName(timeline, "film", extension), blob);
  const buttons = [
    ...(kind ? [makeTakeButton("Save as a video", span, async (take) => save(kind.includes("mp4") ? "mp4" : "webm", await recordVideo(film, stage, kind, take)))] : []),
    makeTakeButton("Save as a GIF", span, async (take) => save("gif", await makeGif(film, stage, take))),
  ];
  return make("div", "gv-video", {}, make("span", "", { text: "Film: steps" }), from, "to", to, "in", seconds, "s", ...buttons);
}

/** A button that says how far it is while it makes its file, and stops when pressed again.
 * @param {string} words @param {() => { from: number, to: number, seconds: number }} span @param {(take: Take) => Promise<void>} makeFile */
function makeTakeButton(words, span, makeFile) {
  const button = make("button", "gv-link", { type: "button", text: words });
  let stopped = /** @type {boolean | null} */ (null); // null while nothing is being made
  button.onclick = async () => {
    if (stopped !== null) return void (stopped = true);
    stopped = false;
    const progress = (/** @type {number} */ share) => setText(button, `${Math.round(100 * share)} % made. Stop`);
    await makeFile({ ...span(), progress, isStopped: () => stopped === true }).catch((error) => {
      if (error !== STOPPED) throw error;
    });
    stopped = null;
    setText(button, words);
  };
  return button;
}

const STOPPED = new Error("stopped by the viewer");

/** Frame by frame, each for as long as it takes. @param {Film} film @param {Stage} stage @param {Take} take @returns {Promise<Blob>} */
async function makeGif(film, stage, { from, to, seconds, progress, isStopped }) {
  const canvas = make("canvas", "", { width: GIF_WIDTH, height: GIF_HEIGHT }), gif = GIFEncoder();
  const g = /** @type {Canvas} */ (canvas.getContext("2d", { willReadFrequently: true })), before = film.position;
  const frames = Math.max(2, Math.round((seconds * 1000) / GIF_FRAME_MS));
  g.scale(GIF_WIDTH / VIDEO_WIDTH, GIF_HEIGHT / VIDEO_HEIGHT);
  stage.begin();
  for (let i = 0; i < frames && !isStopped(); i++) {
    film.showAt(from + ((to - from) * i) / (frames - 1));
    await nextDrawn();
    composeFrame(g, film, stage);
    const { data } = g.getImageData(0, 0, GIF_WIDTH, GIF_HEIGHT), colours = quantize(data, GIF_COLOURS);
    gif.writeFrame(applyPalette(data, colours), GIF_WIDTH, GIF_HEIGHT, { palette: colours, delay: GIF_FRAME_MS });
    progress((i + 1) / frames);
  }
  film.position = before;
  stage.end();
  if (isStopped()) throw STOPPED;
  gif.finish();
  return new Blob([gif.bytes()], { type: "image/gif" });
}

/** While it plays. @param {Film} film @param {Stage} stage @param {string} kind @param {Take} take @returns {Promise<Blob>} */
async function recordVideo(film, stage, kind, { from, to, seconds, progress, isStopped }) {
  const canvas = make("canvas", "", { width: VIDEO_WIDTH, height: VIDEO_HEIGHT }), g = /** @type {Canvas} */ (canvas.getContext("2d"));
  const recorder = new MediaRecorder(canvas.captureStream(VIDEO_FRAMES), { mimeType: kind, videoBitsPerSecond: VIDEO_BITS });
  const parts = /** @type {Blob[]} */ ([]), before = film.position;
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const ended = new Promise((resolve) => recorder.addEventListener("stop", resolve));
  stage.begin();
  film.showAt(from);
  await nextDrawn();
  composeFrame(g, film, stage);
  recorder.start();
  const begin = performance.now();
  for (let share = 0; share < 1 && !isStopped();) {
    share = Math.min((performance.now() - begin) / 1000 / seconds, 1);
    film.showAt(from + (to - from) * share);
    await nextDrawn(); // it is drawn
    composeFrame(g, film, stage);
    progress(share);
  }
  recorder.stop();
  await ended;
  film.position = before;
  stage.end();
  if (isStopped()) throw STOPPED;
  return new Blob(parts, { type: kind.split(";")[0] });
}

const nextDrawn = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));

/** One frame: the title and the step above, then the strip, and up to three panels. @param {Canvas} g @param {Film} film @param {Stage} stage */
function composeFrame(g, film, stage) {
  const theme = stage.theme(), strip = stage.strip(), panels = stage.panels().slice(0, 3);
  g.fillStyle = theme.background;
  g.fillRect(0, 0, VIDEO_WIDTH, VIDEO_HEIGHT);
  g.fillStyle = theme.text;
  [g.font, g.textBaseline, g.textAlign] = [theme.font(24, 600), "middle", "left"];
  g.fillText(film.header.title, VIDEO_MARGIN, VIDEO_HEAD / 2, VIDEO_WIDTH - 320);
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
