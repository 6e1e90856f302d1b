// The film between two steps as a video or a GIF, made by the browser. Nothing leaves the page.

/** @import { Stage, Take } from "./compose.js" */
/** @import { Canvas, Timeline } from "./contract.js" */
/** @import { Film } from "./film.js" */

import { composeFrame, eachFrame, STOPPED, VIDEO_HEIGHT, VIDEO_WIDTH } from "./compose.js";
import { make, setText } from "./kit/dom.js";
import { canEncode, encodeMp4, mp4Codec, VIDEO_BITS, VIDEO_FRAMES } from "./mp4.js";
import { download, fileName } from "./saving.js";
import { applyPalette, GIFEncoder, quantize } from "./vendor/gifenc.js";

const GIF_WIDTH = 800, GIF_HEIGHT = 450, GIF_FRAME_MS = 80, GIF_COLOURS = 256;
const VIDEO_KINDS = ["video/mp4;codecs=avc1.640028", "video/mp4", "video/webm;codecs=vp9", "video/webm"];

/** What this browser can record; null where it can record no video. */
export const videoKind = () => globalThis.MediaRecorder && VIDEO_KINDS.find((kind) => MediaRecorder.isTypeSupported(kind)) || null;

/** The choices of a video or a GIF, and the buttons that make it; no video where the browser cannot.
 * @param {Timeline} timeline @param {Film} film @param {Stage} stage @returns {HTMLElement} */
export function makeVideoRow(timeline, film, stage) {
  const said = make("span", "gv-made", { role: "status" }), ends = [film.steps[0], film.steps[film.steps.length - 1]];
  const [from, to] = ends.map((step, i) => make("input", "gv-number", { type: "number", min: ends[0], max: ends[1], value: step, "aria-label": i ? "Last step of the video" : "First step of the video" }));
  const seconds = make("input", "gv-number", { type: "number", min: 1, max: 60, value: 5, "aria-label": "Seconds of the video" });
  const span = () => {
    const units = [from, to].map(({ valueAsNumber: step }, i) => film.axis.unitAt(film.nearest(Number.isFinite(step) ? step : ends[i])));
    return { from: Math.min(...units), to: Math.max(...units), seconds: Math.min(60, Math.max(1, seconds.valueAsNumber || 5)) };
  };
  const save = (/** @type {string} */ extension, /** @type {Blob} */ blob) => download(fileName(timeline, "film", extension), blob);
  const buttons = [
    ...(canEncode() || videoKind() ? [makeTakeButton("Save as a video", span, async (take) => {
      const { blob, extension, how } = await makeVideo(film, stage, take);
      save(extension, blob);
      setText(said, `${extension === "mp4" ? "MP4" : "WebM"}, ${how}`);
    })] : []),
    makeTakeButton("Save as a GIF", span, async (take) => save("gif", await makeGif(film, stage, take))),
  ];
  return make("div", "gv-video", {}, make("span", "", { text: "Film: steps" }), from, "to", to, "in", seconds, "s", ...buttons, said);
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

/** @param {Film} film @param {Stage} stage @param {Take} take @returns {Promise<Blob>} */
async function makeGif(film, stage, take) {
  const canvas = make("canvas", "", { width: GIF_WIDTH, height: GIF_HEIGHT }), gif = GIFEncoder();
  const g = /** @type {Canvas} */ (canvas.getContext("2d", { willReadFrequently: true }));
  g.scale(GIF_WIDTH / VIDEO_WIDTH, GIF_HEIGHT / VIDEO_HEIGHT);
  await eachFrame(film, stage, take, Math.max(2, Math.round((take.seconds * 1000) / GIF_FRAME_MS)), () => {
    composeFrame(g, film, stage);
    const { data } = g.getImageData(0, 0, GIF_WIDTH, GIF_HEIGHT), colours = quantize(data, GIF_COLOURS);
    gif.writeFrame(applyPalette(data, colours), GIF_WIDTH, GIF_HEIGHT, { palette: colours, delay: GIF_FRAME_MS });
  });
  gif.finish();
  return new Blob([gif.bytes()], { type: "image/gif" });
}

/** As an MP4, faster than it plays, where the browser can encode one; else as what it can record while it plays.
 * @param {Film} film @param {Stage} stage @param {Take} take @returns {Promise<{ blob: Blob, extension: string, how: string }>} */
async function makeVideo(film, stage, take) {
  const codec = await mp4Codec(), kind = videoKind() ?? "";
  if (codec) {
    try {
      return { blob: await encodeMp4(film, stage, codec, take), extension: "mp4", how: codec.words };
    } catch (error) {
      if (error === STOPPED || !kind) throw error; // an encoder that fails after all: record it instead
    }
  }
  return { blob: await recordVideo(film, stage, kind, take), extension: kind.includes("mp4") ? "mp4" : "webm", how: "recorded while it played" };
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
