// What a picture is: `makeX(data, page)` builds one from the data that Python has put together (../__init__.py).

/** @import { Hover, Theme } from "../../film/js/contract.js" */

/**
 * What a picture can do to its page: say words under itself, ask to be painted, tell Python what was chosen.
 * @typedef {{ say: (words: string) => void, repaint: () => void, pick: (chosen: Record<string, number>) => void }} Page
 *
 * @typedef {{ element: HTMLElement, paint: (theme: Theme, hover: Hover) => void, stop?: () => void }} Picture
 *
 * `state` is what was chosen when it was built; from then on the picture itself knows, and tells Python.
 * @typedef {{ label: string, hint: string, state?: Record<string, number> }} Labelled
 *
 * Lanes of waves over the answers, and their sum. `shared`: the numbers are answers of the run, not differences.
 * @typedef {Labelled & {
 *   kind: "waves", lanes: Lane[], total: Lane, numbers: number[], axis: string, right: number,
 *   rightLabel: string, winner: number, winnerLabel: string, shared: boolean }} WavesData
 * @typedef {{ title: string, order: number, actual: number[], ideal: number[], scale: number, note: string }} Lane
 *
 * A table of all pairs of elements and what one neuron sees of either. `order`: the elements, coset by coset; `starts`:
 * the places where a coset begins; `memory`: by which the page remembers whether it is in order.
 * @typedef {Labelled & {
 *   kind: "cosets", n: number, names: string[], cells: string, words: string[], colours: [string, string][], a: Side,
 *   b: Side, orderWords: string, backWords: string, question: string, memory: string }} CosetsData
 * @typedef {{ values: number[], scale: number, order: number[], starts: number[] }} Side
 *
 * What became of the runs of a sweep: a cell for every value of `rows` and `columns`, row by row. `by` has what each of the
 * `rules` says of a run: an index of `fates`, and the steps at which it knew the pairs; `middle`: the seed in the middle by
 * each, that the cell shows; `kept`: a run of it can be opened. Losses as log10, within `losses` [lowest, highest] of the scale; `budget`: steps at most.
 * @typedef {Labelled & {
 *   kind: "outcomes", rows: CellAxis, columns: CellAxis, fates: FateWords[], rules: RuleWords[], cells: OutcomeCell[],
 *   budget: number, losses: [number, number], state: MapChoice }} OutcomesData
 * @typedef {{ title: string, values: string[] }} CellAxis
 * @typedef {{ name: string, letter: string, mark: string, words: string, understands: boolean }} FateWords
 * @typedef {{ title: string, words: string }} RuleWords
 * @typedef {{ seeds: { seed: number, by: Judged[] }[], middle: number[], kept: boolean, curves: Losses[] }} OutcomeCell
 * @typedef {{ fate: number, train: number | null, test: number | null }} Judged
 *
 * Indices of what is chosen, -1 for none; `only`: the fate whose cells stand out.
 * @typedef {{ rule: number, cell: number, only: number }} MapChoice
 * @typedef {{ element: HTMLElement, show: (state: MapChoice) => void }} MapPart
 * @typedef {{ step: number[], train: number[], test: number[] }} Losses
 */

export {};
