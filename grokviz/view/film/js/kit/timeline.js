// What the film reads of a run at one snapshot: measures, phases, and what it lacks.

/** @import { Hover, Header, Part, Timeline } from "../contract.js" */

import { registry } from "./registry.js";

/** The snapshot's own number, for sentences: never a blend. NaN where it was not measured.
 * @param {Timeline} timeline @param {string} name @param {number} index */
export function measure(timeline, name, index) {
  const array = timeline.arrays[name];
  return array ? array.raw[index] * array.scale + array.shift : NaN;
}

/** The numbers of one snapshot, as stored.
 * @param {Timeline} timeline @param {string} name @param {number} index */
export function stored(timeline, name, index) {
  const { raw, size } = timeline.arrays[name];
  return raw.subarray(index * size, (index + 1) * size);
}

/** The part of the embedding's energy, or another spectrum's, that the key frequencies carry.
 * @param {Timeline} timeline @param {string} name @param {number} index */
export function keyShare(timeline, name, index) {
  const now = stored(timeline, name, index);
  let energy = 0;
  for (const v of now) energy += v * v;
  return timeline.header.key_freqs.reduce((sum, k) => sum + now[k - 1] ** 2, 0) / (energy || 1);
}

/** The phases that happened, in steps. Python finds them, for the charts too; one that goes on ends with the film.
 * @param {Header} header @returns {{ name: string, from: number, to: number }[]} */
export function phaseBands(header) {
  const last = header.steps[header.steps.length - 1];
  return header.bands.map(([name, from, to]) => ({ name, from, to: to ?? last })).filter(({ from, to }) => from < to);
}

/** @param {Header} header @param {number} step */
export function phaseAt(header, step) {
  return phaseBands(header).find((band) => step >= band.from && step < band.to)?.name ?? null;
}

/** Whether there are waves to speak of: a group that is no clock has blocks of functions in their place.
 * @param {Timeline} timeline */
const isClock = ({ header }) => header.group?.is_cyclic ?? true;

/** What the answers are built of, in a word. @param {Timeline} timeline */
export const waveWord = (timeline) => (isClock(timeline) ? "wave" : "block");

/** By what these are told apart. @param {Timeline} timeline */
export const frequencyWord = (timeline) => (isClock(timeline) ? "frequency" : "block");

/** Why nothing is key, without a full stop. @param {Timeline} timeline */
export const noKey = (timeline) => `No ${frequencyWord(timeline)} is key ${timeline.header.finished ? "in this run" : "so far"}`;

/** The group of a run that has one: a panel that asks for it is `empty` where there is none.
 * @param {Timeline} timeline */
export function groupOf({ header }) {
  if (!header.group) throw new Error("This run is the product of no group: a panel that needs one says so when it is empty.");
  return header.group;
}

/** Why nothing can be drawn of a run that is the product of no group, and what follows for this figure; else null.
 * @param {Timeline} timeline @param {string} so */
export const noGroup = ({ header }, so) => (header.group ? null : `${header.no_group} ${so}`);

/** How a frequency is written under a figure: "k = 7"; of a group that is no clock, the name of the block.
 * @param {Timeline} timeline @param {number} k */
export function blockName(timeline, k) {
  const { is_cyclic: clock, blocks } = groupOf(timeline);
  return clock ? `k = ${k}` : blocks[k];
}

/** The same of a map, as a sentence of its own. @param {Timeline} timeline */
export const rowsAndColumns = ({ header }) =>
  header.group?.root ? ` Rows and columns stand in the order of the powers of ${header.group.root}.` : "";

/** What the order of the numbers is, where it is not their own: " in the order of the powers of 2". @param {Timeline} timeline */
export const inWhichOrder = ({ header }) => (header.group?.root ? `, in the order of the powers of ${header.group.root}` : "");

/** How one of the p things that the run is asked about is written: elements of a group have names.
 * @param {{ names?: string[] }} header @param {number} n @returns {string} */
export const nameOf = ({ names }, n) => names?.[n] ?? String(n);

/** A pair that is pointed at, with its answer where it has one.
 * @param {Timeline} timeline @param {[number, number]} pair @param {string} words @returns {Hover & { words: string }} */
export function pairHover({ header, arrays }, pair, words) {
  const answer = arrays.table.raw[pair[0] * header.p + pair[1]];
  return { numbers: pair, pair, answer: answer >= 0 ? answer : null, words };
}

/** The frequencies whose rings are drawn, and their points: those that were chosen, else the key ones. @param {Timeline} timeline */
export function ringsOf(timeline) {
  const part = partOf(timeline, "chosen"), freqs = part?.header.freqs ?? [];
  return part && freqs.length ? { freqs, ring: part.arrays.ring } : { freqs: timeline.header.key_freqs, ring: timeline.arrays.ring };
}

/** The heads that are drawn, of all that there are. @param {Timeline} timeline @param {number} most */
export function headsShown(timeline, most) {
  const wanted = partOf(timeline, "chosen")?.header.heads ?? [];
  return wanted.length ? wanted : Array.from({ length: Math.min(timeline.header.n_heads, most) }, (_, h) => h);
}

/** A part of a run besides its core, null while it is not here.
 * @param {Timeline} timeline @param {string} name @returns {Part | null} */
export function partOf(timeline, name) {
  return name === "core" ? timeline : (registry.parts.get(`${timeline.header.id}/${name}`) ?? null);
}

/** The second part of the run. A panel that needs it is only drawn once it is here.
 * @param {Timeline} timeline */
export function mapsOf({ maps }) {
  if (!maps) throw new Error("The maps have not arrived: a panel that draws them says so by needs: \"maps\".");
  return maps;
}
