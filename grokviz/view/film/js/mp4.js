// The film as an MP4, encoded by the browser frame by frame (WebCodecs) and faster than it plays.

/** @import { Stage, Take } from "./compose.js" */
/** @import { Canvas } from "./contract.js" */
/** @import { Film } from "./film.js" */

import { composeFrame, eachFrame, turn, VIDEO_HEIGHT, VIDEO_WIDTH } from "./compose.js";
import { make } from "./kit/dom.js";
import { ArrayBufferTarget, Muxer } from "./vendor/mp4-muxer.js";

export const VIDEO_FRAMES = 30, VIDEO_BITS = 6e6; // a second
const KEY_EVERY = 60, QUEUED = 6; // frames

/** In the order in which they are tried: what plays everywhere first. `name` is that of the muxer.
 * @typedef {{ codec: string, name: "avc" | "vp9" | "av1", words: string }} Codec
 * @type {Codec[]} */
const CODECS = [
  { codec: "avc1.640028", name: "avc", words: "H.264" }, { codec: "avc1.42001f", name: "avc", words: "H.264" },
  { codec: "vp09.00.31.08", name: "vp9", words: "VP9" }, { codec: "av01.0.05M.08", name: "av1", words: "AV1" },
];

/** Whether there is an encoder at all: only at an address of https, or of this machine. */
export const canEncode = () => "VideoEncoder" in globalThis;

/** @param {string} codec @returns {VideoEncoderConfig} */
const configOf = (codec) => ({ codec, width: VIDEO_WIDTH, height: VIDEO_HEIGHT, bitrate: VIDEO_BITS, framerate: VIDEO_FRAMES });

/** The first that this browser can encode; null where it can none. @returns {Promise<Codec | null>} */
export async function mp4Codec() {
  for (const one of canEncode() ? CODECS : []) {
    const { supported } = await VideoEncoder.isConfigSupported(configOf(one.codec)).catch(() => ({ supported: false }));
    if (supported) return one;
  }
  return null;
}

/** @param {Film} film @param {Stage} stage @param {Codec} codec @param {Take} take @returns {Promise<Blob>} */
export async function encodeMp4(film, stage, { codec, name }, take) {
  const canvas = make("canvas", "", { width: VIDEO_WIDTH, height: VIDEO_HEIGHT }), g = /** @type {Canvas} */ (canvas.getContext("2d"));
  const target = new ArrayBufferTarget(), duration = 1e6 / VIDEO_FRAMES;
  const muxer = new Muxer({ target, video: { codec: name, width: VIDEO_WIDTH, height: VIDEO_HEIGHT, frameRate: VIDEO_FRAMES }, fastStart: "in-memory" });
  let fault = /** @type {Error | null} */ (null);
  const encoder = new VideoEncoder({ output: (chunk, meta) => muxer.addVideoChunk(chunk, meta), error: (error) => (fault = error) });
  encoder.configure(configOf(codec));
  try {
    await eachFrame(film, stage, take, Math.max(2, Math.round(take.seconds * VIDEO_FRAMES)), async (i) => {
      composeFrame(g, film, stage);
      const frame = new VideoFrame(canvas, { timestamp: i * duration, duration });
      encoder.encode(frame, { keyFrame: i % KEY_EVERY === 0 });
      frame.close();
      while (encoder.encodeQueueSize > QUEUED && !fault) await turn();
      if (fault) throw fault;
    });
    await encoder.flush();
  } finally {
    if (encoder.state !== "closed") encoder.close();
  }
  muxer.finalize();
  return new Blob([target.buffer], { type: "video/mp4" });
}
