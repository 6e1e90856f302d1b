// What a visitor takes away: a picture, the curves as a table, a link.

/** @import { Canvas, Theme, Timeline } from "./contract.js" */
/** @import { Film } from "./film.js" */
/** @import { Figure } from "./kit/canvas.js" */

import { make } from "./kit/dom.js";
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

/** A figure as a picture file, with its title above and its sentence below, at twice the size.
 * @param {Timeline} timeline @param {Theme} theme @param {Figure} figure
 * @param {{ title: string, caption: string, step: number, name: string }} about */
export function savePicture(timeline, theme, figure, { title, caption, step, name }) {
  const scale = 2, margin = 20, head = 34, foot = 62, width = figure.width + 2 * margin;
  const canvas = make("canvas", "", { width: width * scale, height: (figure.height + head + foot + 2 * margin) * scale });
  const g = /** @type {Canvas} */ (canvas.getContext("2d"));
  g.scale(scale, scale);
  g.fillStyle = theme.background;
  g.fillRect(0, 0, width, canvas.height);
  g.fillStyle = theme.text;
  g.font = theme.font(17, 600);
  g.textBaseline = "top";
  g.fillText(title, margin, margin);
  for (const layer of [figure.back, figure.front]) g.drawImage(layer, margin, margin + head, figure.width, figure.height);
  g.font = theme.font(13);
  g.fillStyle = theme.muted;
  let line = "", y = margin + head + figure.height + 12;
  for (const word of `Step ${whole(step)}. ${caption}`.split(" ")) {
    if (g.measureText(line + word).width > figure.width) {
      g.fillText(line, margin, y);
      [line, y] = ["", y + 18];
    }
    line += `${word} `;
  }
  g.fillText(line, margin, y);
  canvas.toBlob((blob) => blob && download(fileName(timeline, `${name}-step-${step}`, "png"), blob));
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
