// What has arrived from Python in this browser page, for all its films: nothing is sent twice.

/** @import { Part } from "../contract.js" */

import { decodeBlob } from "./blob.js";

/**
 * What a film shows, how a part of it is asked for, and panels of it that stand elsewhere in the page: see ../places.js.
 * @typedef {{ film: any, timeline: import("../contract.js").Timeline, need: (part: string, run: string) => void }} Scene
 * @typedef {{ film: string, paint: (moving: boolean) => void, tell: (i: number) => void, seeAll: () => void, flush: () => void, stale: () => void, grow: () => void,
 *   arrived: (part: string) => void }} Place
 *
 * @typedef {object} Registry
 * @property {Map<string, Part>} parts by "id/part"
 * @property {Set<(name: string) => void>} waiting who is told when a part arrives
 * @property {Map<string, any>} films by the key of their component
 * @property {Map<string, Scene>} scenes what is shown by each of them
 * @property {Set<Place>} places where panels stand by themselves in the page
 * @property {any} active the film that was last touched, which hears the keys
 * @property {number} zoom how much the film is enlarged that is shown to a room, else 1
 */

/** @type {Registry} */
export const registry = (globalThis.grokvizScrubbers ??= {
  parts: new Map(), waiting: new Set(), films: new Map(), scenes: new Map(), places: new Set(), active: null, zoom: 1,
});
const PARTS_KEPT = 16;

/** The places where panels of the film of this key stand. @param {string} key */
export const placesOf = (key) => [...registry.places].filter(({ film }) => film === key);

/** @param {Uint8Array} bytes of a part */
function keepPart(bytes) {
  const part = decodeBlob(bytes);
  const name = `${part.header.id}/${part.header.part}`;
  registry.parts.delete(name);
  registry.parts.set(name, part);
  for (const old of registry.parts.keys()) if (registry.parts.size > PARTS_KEPT) registry.parts.delete(old);
  for (const told of [...registry.waiting]) told(name);
}

/** Takes the parts that came beside a film, each in a component of its own. */
export function keepCarried() {
  const carried = globalThis.grokvizCarried ?? [];
  for (const bytes of carried.splice(0)) keepPart(bytes);
}

/**
 * What Python wants to be shown: one run or, by their `ids`, several. `seq` rises with every command; without one it is still on its way. `chooses`: presses choose what is drawn.
 * @typedef {{ key: string, id: string, ids?: string[], step: number, panels: string[], layout: "full" | "several" | "strip" | "beside" | "none", seq?: number,
 *   chooses?: boolean, play?: boolean, moments?: [string, number, string][], quiet?: boolean, present?: boolean }} Control
 */

/** The data of the component: [u32 length][JSON control][part][part]..., the parts only when they are new here.
 * @param {Uint8Array} bytes @returns {Control} */
export function decodeMessage(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const control = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let start = 4 + length;
  for (const size of control.sizes) {
    keepPart(bytes.subarray(start, start + size));
    start += size;
  }
  return control;
}

/** The same the other way, as `assets.message` does it in Python: every part on a 4-byte boundary.
 * @param {object} control @param {Uint8Array[]} parts @returns {Uint8Array} */
export function encodeMessage(control, parts) {
  let text = JSON.stringify({ ...control, sizes: parts.map((part) => part.length) });
  const head = new TextEncoder().encode(text);
  text += " ".repeat((4 - (head.length % 4)) % 4);
  const padded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(4 + padded.length + parts.reduce((sum, part) => sum + part.length, 0));
  new DataView(bytes.buffer).setUint32(0, padded.length, true);
  bytes.set(padded, 4);
  let start = 4 + padded.length;
  for (const part of parts) {
    bytes.set(part, start);
    start += part.length;
  }
  return bytes;
}
