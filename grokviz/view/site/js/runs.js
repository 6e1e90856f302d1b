// The runs of the site, the one in view, and how bytes are fetched: from beside the page, never from another host.

import { make } from "../../film/js/kit/dom.js";

/**
 * @typedef {{ id: string, title: string, sentence: string, film: string, core: string, maps: string, start: number, tour: [name: string, step: number, sentence: string][] }} SiteRun
 */

export const /** @type {{ runs: SiteRun[] }} */ { runs } = JSON.parse(document.getElementById("site")?.textContent ?? "");
export const query = new URLSearchParams(location.search);
export const named = runs.find(({ id }) => id === query.get("run"));
export const run = named ?? runs[0];

/** Bytes as the server has them, unpacked where they are packed: some servers unpack on the way.
 * @param {string} name @returns {Promise<Uint8Array>} */
export async function fetched(name) {
  const early = /** @type {any} */ (globalThis).grokvizFetched?.[name];
  const answer = await (early ?? fetch(name));
  if (!answer.ok) throw new Error(`${answer.status}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** In the place of what could not be fetched. @param {HTMLElement} place @param {unknown} error */
export function sayNotFetched(place, error) {
  place.replaceChildren(make("p", "site-caption", {
    text: "This run could not be fetched. Check the network, then load the page again. From disk, browsers fetch nothing: serve the folder, for example with python -m http.server.",
  }));
  console.warn(error);
}

/** The address says this besides what it says already. @param {Record<string, string>} told */
export function rememberInAddress(told) {
  const here = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(told)) if (value) here.set(name, value); else here.delete(name);
  history.replaceState(null, "", `?${here.toString().replaceAll("%2C", ",")}`);
}

/** @param {() => void} redraw when light becomes dark, or the other way; what ends that */
export function onTheme(redraw) {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", redraw);
  addEventListener("grokviz-theme", redraw);
  return () => {
    scheme.removeEventListener("change", redraw);
    removeEventListener("grokviz-theme", redraw);
  };
}
