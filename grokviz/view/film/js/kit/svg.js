// A canvas that writes down as SVG what is drawn on it: as much of the 2D context as figures use.

/** @import { Canvas } from "../contract.js" */

const WHOLE_TURN = 2 * Math.PI - 1e-9;
const SHIFTS = { top: 0.8, hanging: 0.8, middle: 0.35, bottom: -0.2, ideographic: -0.2, alphabetic: 0 }; // of a text, in em
const ANCHORS = { left: "start", start: "start", center: "middle", right: "end", end: "end" };
const START = {
  fillStyle: "#000000", strokeStyle: "#000000", lineWidth: 1, lineJoin: "miter", globalAlpha: 1, font: "10px sans-serif",
  textAlign: /** @type {CanvasTextAlign} */ ("start"), textBaseline: /** @type {CanvasTextBaseline} */ ("alphabetic"),
  imageSmoothingEnabled: true, dash: /** @type {number[]} */ ([]), within: "",
};
let clips = 0; // names of clips are not to meet in one document

const short = (/** @type {number} */ value) => String(Math.round(value * 100) / 100);
const quoted = (/** @type {string | number} */ text) =>
  String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** @param {string} name @param {Record<string, string | number>} attributes @param {string} [inside] */
function tag(name, attributes, inside) {
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}="${typeof value === "number" ? short(value) : quoted(value)}"`);
  return inside === undefined ? `<${name}${words.join("")}/>` : `<${name}${words.join("")}>${inside}</${name}>`;
}

/** A drawing as wide and high as given. Texts are measured by `ruler`, a canvas of the page.
 * @param {number} width @param {number} height @param {Canvas} ruler */
export function makeSvgCanvas(width, height, ruler) {
  const drawn = /** @type {string[]} */ ([]), saved = /** @type {(typeof START)[]} */ ([]);
  let state = { ...START };
  const { path, pen } = makePen();
  const own = {
    ...pen,
    clip() {
      const outer = clipped(state);
      state.within = `grokviz-clip-${++clips}`;
      drawn.push(tag("clipPath", { id: state.within, ...outer }, tag("path", { d: path() })));
    },
    save: () => void saved.push({ ...state }),
    restore: () => void (state = saved.pop() ?? state),
    setLineDash: (/** @type {number[]} */ dash) => void (state.dash = dash),
    measureText(/** @type {string} */ words) {
      ruler.font = state.font;
      return ruler.measureText(words);
    },
    /** Another drawing in this one. @param {{ text: () => string }} other @param {number} x @param {number} y */
    place: (other, x, y) => void drawn.push(tag("svg", { x, y, overflow: "visible" }, other.text().replace(/^<svg[^>]*>|<\/svg>$/g, ""))),
    text: () => tag("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${short(width)} ${short(height)}` }, drawn.join("\n")),
  };
  const canvas = Object.assign(own, makeMarks(() => state, path, (mark) => void drawn.push(mark)));
  for (const name of /** @type {(keyof typeof START)[]} */ (Object.keys(START))) {
    Object.defineProperty(canvas, name, { get: () => state[name], set(value) { state = { ...state, [name]: value }; } });
  }
  return /** @type {Canvas & Pick<typeof own, "place" | "text">} */ (/** @type {unknown} */ (canvas));
}

/** @param {typeof START} state @returns {Record<string, string | number>} */
const clipped = ({ within }) => (within ? { "clip-path": `url(#${within})` } : {});

/** What leaves a mark: outlines, boxes, texts, images.
 * @param {() => typeof START} now @param {() => string} path @param {(mark: string) => void} add */
function makeMarks(now, path, add) {
  /** @param {string} name @param {Record<string, string | number>} attributes @param {string} [inside] */
  const mark = (name, attributes, inside) => {
    const { globalAlpha: opacity } = now();
    add(tag(name, { ...attributes, ...(opacity < 1 ? { opacity } : {}), ...clipped(now()) }, inside));
  };
  const filled = () => ({ fill: now().fillStyle });
  const stroked = () => {
    const { strokeStyle: stroke, lineWidth, lineJoin, dash } = now();
    return { fill: "none", stroke, "stroke-width": lineWidth, "stroke-linejoin": lineJoin, ...(dash.length ? { "stroke-dasharray": dash.join(" ") } : {}) };
  };
  const box = (/** @type {number[]} */ [x, y, w, h]) => ({ x: Math.min(x, x + w), y: Math.min(y, y + h), width: Math.abs(w), height: Math.abs(h) });
  /** @param {string | number} words @param {number} x @param {number} y @param {Record<string, string | number>} look */
  const text = (words, x, y, look) => {
    const { textBaseline, textAlign, font } = now(), dy = `${SHIFTS[textBaseline]}em`;
    mark("text", { x, y, dy, "text-anchor": ANCHORS[textAlign], style: `font:${font}`, "xml:space": "preserve", ...look }, quoted(words));
  };
  return {
    fill: () => mark("path", { d: path(), ...filled() }),
    stroke: () => mark("path", { d: path(), ...stroked() }),
    fillRect: (/** @type {number[]} */ ...at) => mark("rect", { ...box(at), ...filled() }),
    strokeRect: (/** @type {number[]} */ ...at) => mark("rect", { ...box(at), ...stroked() }),
    fillText: (/** @type {string | number} */ words, /** @type {number} */ x, /** @type {number} */ y) => text(words, x, y, filled()),
    strokeText: (/** @type {string | number} */ words, /** @type {number} */ x, /** @type {number} */ y) => text(words, x, y, stroked()),
    drawImage(/** @type {HTMLCanvasElement} */ source, /** @type {number[]} */ ...at) {
      const [x, y, w = source.width, h = source.height] = at;
      if (at.length > 4) throw new Error("A part of an image is not drawn: draw the whole of it.");
      /** @type {Record<string, string>} */
      const sharp = now().imageSmoothingEnabled ? {} : { style: "image-rendering:pixelated" };
      mark("image", { x, y, width: w, height: h, preserveAspectRatio: "none", href: source.toDataURL(), ...sharp });
    },
  };
}

/** What draws a path: nothing is seen of it until it is filled or stroked. */
function makePen() {
  let path = "";
  const go = (/** @type {string} */ letter, /** @type {number[]} */ ...numbers) => void (path += letter + numbers.map(short).join(" "));
  const pen = {
    beginPath: () => void (path = ""),
    closePath: () => go("Z"),
    moveTo: (/** @type {number} */ x, /** @type {number} */ y) => go("M", x, y),
    lineTo: (/** @type {number} */ x, /** @type {number} */ y) => go(path ? "L" : "M", x, y),
    quadraticCurveTo: (/** @type {number[]} */ ...numbers) => go("Q", ...numbers),
    rect(/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ w, /** @type {number} */ h) {
      go("M", x, y), go("h", w), go("v", h), go("h", -w), go("Z");
    },
    /** With the clock. @param {number} x @param {number} y @param {number} r @param {number} from @param {number} to radians */
    arc(x, y, r, from, to) {
      const at = (/** @type {number} */ angle) => [x + r * Math.cos(angle), y + r * Math.sin(angle)];
      const turn = to - from >= WHOLE_TURN ? 2 * Math.PI : (((to - from) % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI);
      go(path && !path.endsWith("Z") ? "L" : "M", ...at(from));
      for (const half of [turn / 2, turn]) go("A", r, r, 0, 0, 1, ...at(from + half)); // one arc cannot be a whole turn
    },
  };
  return { path: () => path, pen };
}
