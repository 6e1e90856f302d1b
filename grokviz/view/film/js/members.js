// Who is on the stage: one run, or several under one hand, each with a letter, a colour and a line of its own.

/** @import { Part, Timeline } from "./contract.js" */
/** @import { Film, Hand } from "./film.js" */
/** @import { Follower } from "./follower.js" */

import { makeFilm } from "./film.js";
import { joinedHeader, makeFollower } from "./follower.js";
import { make, setText } from "./kit/dom.js";
import { registry } from "./kit/registry.js";
import { whole } from "./kit/wording.js";

const LETTERS = ["A", "B", "C"];

/** What is shown of a run, and what moves it.
 * @typedef {{ timeline: Timeline, film: Hand }} Member
 *
 * One of several runs: `colour` is that of its line in the palette.
 * @typedef {{ timeline: Timeline, film: Follower, letter: string, colour: string }} Rival
 *
 * `rivals` are the members where there are several, else none; `whole` has what is said of all of them.
 * @typedef {{ film: Film, members: Member[], rivals: Rival[], whole: Timeline }} Cast
 */

/** @param {Part[]} cores of the runs, the one that the others are held against first @returns {Cast} */
export function makeCast(cores) {
  /** @type {Timeline[]} */
  const timelines = cores.map((core) => ({ ...core, maps: mapsFor(core) }));
  if (timelines.length === 1) {
    const [timeline] = timelines, film = makeFilm(timeline.header);
    return { film, members: [{ timeline, film }], rivals: [], whole: timeline };
  }
  const header = joinedHeader(timelines.map((timeline) => timeline.header)), film = makeFilm(header);
  const rivals = timelines.map((timeline, i) =>
    ({ timeline, film: makeFollower(film, timeline.header), letter: LETTERS[i], colour: `run ${LETTERS[i]}` }));
  return { film, members: rivals, rivals, whole: { ...timelines[0], header: { ...header, bands: [] } } };
}

/** The second part of a run, if it has arrived. @param {Pick<Part, "header">} run */
export function mapsFor({ header }) {
  return registry.parts.get(`${header.id}/maps`) ?? null;
}

/** Where a run stands, if that is not where the hand is. @param {Follower} film @param {number} step of the hand @returns {string} */
export function standing(film, step) {
  const { steps, finished } = film.header, own = film.step();
  if (film.when() === "before") return `begins at step ${whole(steps[0])}`;
  if (film.when() === "after") return `${finished ? "ended at" : "has come to"} step ${whole(steps[steps.length - 1])}`;
  return own === step ? "" : `its snapshot of step ${whole(own)}`;
}

/** The name of a run beside its line and its letter, and where it stands.
 * @param {Rival} rival @param {Film} clock */
export function makeHead({ timeline, film, letter, colour }, clock) {
  const said = make("span", "gv-standing"), { title } = timeline.header;
  const element = make("div", "gv-head", {}, makeLine(colour), make("b", "", { text: letter }), make("span", "gv-name", { text: title, title }), said);
  return {
    element,
    tell: () => setText(said, standing(film, clock.step())),
    /** Whether what is seen is not the run at this step. */
    over: () => film.when() !== "during",
  };
}

/** A run by its letter. @param {Rival | undefined} rival */
export const lettered = (rival) => (rival ? `${rival.letter}: ${rival.timeline.header.title}` : "");

/** A piece of the line of a run, as its curves are drawn. @param {string} colour of the palette */
export function makeLine(colour) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  const { dash } = PALETTE.series[colour];
  for (const [name, value] of Object.entries({ viewBox: "0 0 30 8", "aria-hidden": "true", class: "gv-line" })) svg.setAttribute(name, value);
  for (const [name, value] of Object.entries({ x1: "1", x2: "29", y1: "4", y2: "4", "stroke-dasharray": dash.join(" ") })) line.setAttribute(name, value);
  svg.dataset.colour = colour;
  svg.append(line);
  return svg;
}

/** The lines of runs in the colours of the theme. @param {ParentNode} root @param {import("./contract.js").Theme} theme */
export function colourLines(root, theme) {
  for (const svg of /** @type {NodeListOf<SVGElement>} */ (root.querySelectorAll(".gv-line"))) {
    svg.style.stroke = theme.series[svg.dataset.colour ?? ""].line;
  }
}
