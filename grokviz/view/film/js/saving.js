// What a visitor takes away: a picture, the curves as a table, a link.

/** @import { Canvas, Theme, Timeline } from "./contract.js" */
/** @import { Film } from "./film.js" */
/** @import { Figure } from "./kit/canvas.js" */

import { make } from "./kit/dom.js";
import { makeSvgCanvas } from "./kit/svg.js";
import { measure } from "./kit/timeline.js";
import { whole } from "./kit/wording.js";

/** @param {string} name @param {Blob} blob */
export function download(name, blob) {
  const url = URL.createObjectURL(blob);
  make("a", "", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** @param {Timeline} timeline @param {string} words @param {string} extension */
export function fileName(timeline, words, extension) {
  const title = timeline.header.title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40) || "run";
  return `grokviz-${title}-${words}.${extension}`;
}

const SAVED_MARGIN = 20, SAVED_HEAD = 34, SAVED_FOOT = 62; // around a saved figure: pixels
const SAVED_SCALE = 2; // of a PNG

/** What is written around a saved figure, and what its file is called.
 * @typedef {{ title: string, caption: string, step: number, name: string }} About */

/** A figure as a picture file, with its title above and its sentence below: as pixels at twice the size, or as SVG, for
 * which `paint` draws it once more.
 * @param {"png" | "svg"} kind @param {Timeline} timeline @param {Theme} theme @param {Figure} figure @param {About} about
 * @param {() => void} paint */
export function savePicture(kind, timeline, theme, figure, about, paint) {
  const name = fileName(timeline, `${about.name}-step-${about.step}`, kind);
  const width = figure.width + 2 * SAVED_MARGIN, height = figure.height + SAVED_HEAD + SAVED_FOOT + 2 * SAVED_MARGIN;
  const canvas = make("canvas", "", { width: width * SAVED_SCALE, height: height * SAVED_SCALE });
  const ruler = /** @type {Canvas} */ (canvas.getContext("2d"));
  if (kind === "svg") {
    const svg = makeSvgCanvas(width, height, ruler);
    writeAround(svg, [width, height], theme, figure, about);
    svg.place(drawnAsSvg(figure, ruler, paint), SAVED_MARGIN, SAVED_MARGIN + SAVED_HEAD);
    return download(name, new Blob([svg.text()], { type: "image/svg+xml" }));
  }
  ruler.scale(SAVED_SCALE, SAVED_SCALE);
  writeAround(ruler, [width, height], theme, figure, about);
  for (const layer of [figure.back, figure.front]) ruler.drawImage(layer, SAVED_MARGIN, SAVED_MARGIN + SAVED_HEAD, figure.width, figure.height);
  canvas.toBlob((blob) => blob && download(name, blob));
}

/** @param {Figure} figure @param {Canvas} ruler @param {() => void} paint */
function drawnAsSvg(figure, ruler, paint) {
  const svg = makeSvgCanvas(figure.width, figure.height, ruler), { clear } = figure;
  Object.assign(figure, { clear: () => svg, stale: true });
  try {
    paint();
  } finally {
    Object.assign(figure, { clear, stale: true });
  }
  return svg;
}

/** The ground, the title and the sentence. @param {Canvas} g @param {number[]} size @param {Theme} theme @param {Figure} figure @param {About} about */
function writeAround(g, [width, height], theme, figure, { title, caption, step }) {
  g.fillStyle = theme.background;
  g.fillRect(0, 0, width, height);
  g.fillStyle = theme.text;
  g.font = theme.font(17, 600);
  const tooWide = g.measureText(title).width / figure.width;
  if (tooWide > 1) g.font = theme.font(Math.floor(17 / tooWide), 600);
  g.textBaseline = "top";
  g.fillText(title, SAVED_MARGIN, SAVED_MARGIN);
  g.font = theme.font(13);
  g.fillStyle = theme.muted;
  let line = "", y = SAVED_MARGIN + SAVED_HEAD + figure.height + 12;
  for (const word of `Step ${whole(step)}. ${caption}`.split(" ")) {
    if (g.measureText(line + word).width > figure.width) {
      g.fillText(line, SAVED_MARGIN, y);
      [line, y] = ["", y + 18];
    }
    line += `${word} `;
  }
  g.fillText(line, SAVED_MARGIN, y);
}

/** Every measure with one number a snapshot. @param {Timeline} timeline */
export function saveCurves(timeline) {
  const { header, arrays } = timeline;
  const names = Object.keys(arrays).filter((name) => arrays[name].shape.length === 1 && !name.startsWith("log_"));
  const lines = header.steps.map((step, i) => [step, ...names.map((name) => measure(timeline, name, i))].join(","));
  download(fileName(timeline, "curves", "csv"), new Blob([[["step", ...names].join(","), ...lines].join("\n"), "\n"], { type: "text/csv" }));
}

/** Buttons that copy the address of exactly this view, the code that sets it into another page, and a reference to it; an
 * offline copy has no address to share.
 * @param {Film} film @param {() => string[]} chosen the panels that are up */
export function makeShareButtons(film, chosen) {
  if (location.protocol === "file:") return [];
  const view = (/** @type {URL} */ link) => {
    link.searchParams.set("step", String(film.step()));
    link.searchParams.set("panels", chosen().join(","));
    return link.href;
  };
  const address = () => view(new URL(location.href));
  return [
    makeCopyButton("Copy link", address),
    makeCopyButton("Copy code to embed it", () => embedCode(view(embedAddress()), film.header.title)),
    makeCopyButton("Copy BibTeX", () => bibtex(address(), `${film.header.title}, step ${whole(film.step())}`, new Date())),
  ];
}

/** The figure without a frame: on a static site a page of its own, in the app the same page that hides what is around. */
function embedAddress() {
  const own = document.querySelector('meta[name="grokviz-embed"]')?.getAttribute("content"), link = new URL(location.href);
  if (own) link.pathname = new URL(own, location.href).pathname; else link.searchParams.set("embed", "true");
  return link;
}

/** @param {string} address @param {string} title */
export function embedCode(address, title) {
  const safe = (/** @type {string} */ text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  return `<iframe src="${safe(address)}" title="${safe(`GrokViz: ${title}`)}" width="100%" height="720" style="border:0" loading="lazy"></iframe>`;
}

/** @param {string} address @param {string} title @param {Date} date */
export function bibtex(address, title, date) {
  const safe = title.replace(/[{}\\%&#$_^~]/g, " ");
  return `@misc{grokviz, title = {{GrokViz: ${safe}}}, howpublished = {\\url{${address}}}, note = {Accessed ${date.toISOString().slice(0, 10)}}}`;
}

/** @param {string} words @param {() => string} text */
function makeCopyButton(words, text) {
  const button = make("button", "gv-link", { type: "button", text: words });
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
    } catch {
      prompt("Copy this", text()); // no clipboard without https
    }
    setTimeout(() => (button.textContent = words), 1500);
  };
  return button;
}
