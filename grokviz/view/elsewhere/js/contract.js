// What a figure of runs on sequences is: `makeX(data, page)` builds one from what Python has put together (../__init__.py).
// All figures of a page show the step that is in view (clock.js).

/** @import { Theme } from "../../film/js/contract.js" */

/**
 * @typedef {{ say: (words: string) => void, repaint: () => void, came: () => void }} Page what a figure can do to its page:
 *   say words under itself, ask to be painted, tell Python that the step in view has come to rest
 * @typedef {{ element: HTMLElement, paint: (theme: Theme) => void, stop?: () => void }} Figure
 * @typedef {{ label: string, hint: string }} Labelled for a screen reader, and the words under it while nothing is pointed at
 *
 * Curves over steps on linear axes, from 0 to `top`; dragging moves the step. A plateau is a dashed line with its name; a cliff
 * is a band. With `slider` a bar and a button for the step stand above.
 * @typedef {{ name: string, steps: number[], values: (number | null)[], colour: number, strong: boolean, dashed: boolean }} Curve
 * @typedef {Labelled & { kind: "curves", curves: Curve[], top: number, last: number, unit: string,
 *   plateaus: { at: number, name: string }[], cliffs: { from: number, to: number, colour: number }[], slider: boolean,
 *   start: number }} CurvesData
 *
 * A sequence written out. `looks` is the attention of one place to each token (bars above), in base64 bytes [snapshots, tokens];
 * `asked`: where it answers, what is right, and snapshot by snapshot its guess, how sure it is of the right answer, its loss.
 * @typedef {{ place: number, right: string, guess: string[], chance: number[], loss: number[] }} Asked
 * @typedef {Labelled & { kind: "tokens", steps: number[], tokens: string[], large: boolean, looks: string, asked: Asked[],
 *   plateau: number }} TokensData
 *
 * Attention maps of one sequence, a head each: rows look at columns; base64 bytes [snapshots, n, n].
 * @typedef {Labelled & { kind: "maps", steps: number[], tokens: string[], heads: { title: string, cells: string }[] }} MapsData
 *
 * The two parts of the toy: how much each token is looked at, and what it says for each answer, per snapshot.
 * @typedef {Labelled & { kind: "parts", steps: number[], tokens: string[], answers: string[], looked: number[][],
 *   says: string, most: number, reach: number }} PartsData
 *
 * @typedef {CurvesData | TokensData | MapsData | PartsData} FigureData
 */

export {};
