// What a panel of the film is, and how to write one.
//
// A panel asks one question of a run (its title) and answers it by a figure and a sentence (its caption) that
// change with the step. It is one object in one file:
//
//   js/panels/<id>.js     export const <id>Panel = { id: "<id>", ... }, of the type Panel below
//   js/panels/index.js    one line: its import, and its place among the panels of the page
//
// Nothing else: Python reads the ids from index.js. There is no build step; `make lint` holds a panel to this file.
//
// How one is made:
//
// 1. Ask a question and write it down as `title`, in at most eight words. `howto` says what the marks mean to
//    someone who sees them for the first time.
// 2. Say what it `needs`: "core" is always there, "maps" is fetched when the panel comes into view.
// 3. Curves over the steps, and bars over the frequencies, are there already: curvePanel (kit/curve-panel.js) and
//    spectrumPanel (kit/spectrum-panel.js) make a panel of a few lines; accuracy.js and embedding.js do.
// 4. Else write the four functions below. What does not change with the step goes into `background`, which is
//    called when size or theme change; `live` is called up to sixty times a second, so what is the same for all
//    steps, typed arrays above all, is made once in `prepare`, and handed to both as `own`.
// 5. Between two snapshots `live` blends (`blend` in kit/blob.js); `caption` never does: it speaks of snapshot i.
// 6. Colours come from the theme and mean the same everywhere; numbers are worded by kit/wording.js. Rings and maps
//    of pairs are drawn by kit/rings.js and kit/maps.js, which mark what is pointed at in any panel or picture.
// 7. Axes and colour scales span the whole run: they never move while the film plays.

/**
 * A part of a run as it came from Python: its table of contents and its arrays. See grokviz/view/frames.py.
 * @typedef {{ header: Header, arrays: Record<string, StoredArray> }} Part
 *
 * @typedef {object} StoredArray
 * @property {Numbers} raw all snapshots behind each other, as stored: value = raw * scale + shift
 * @property {number[]} shape
 * @property {number} size numbers a snapshot
 * @property {number} scale
 * @property {number} shift
 *
 * @typedef {Uint8Array | Int8Array | Int16Array | Uint16Array | Int32Array | Float32Array} Numbers
 *
 * @typedef {object} Header
 * @property {string} id changes whenever anything shown can change
 * @property {string} part
 * @property {number} p
 * @property {number[]} steps of the snapshots
 * @property {number[]} key_freqs
 * @property {string} title
 * @property {string[]} names of the p things that it is asked about, where they are no numbers; else none
 * @property {Group | null} group that the answers are the product of; null where none is known
 * @property {string} no_group why none is known, in a sentence; "" where one is
 * @property {boolean} finished
 * @property {number} planned_steps
 * @property {[number, string][]} changes of settings while the run was trained: step, words
 * @property {number} d_mlp
 * @property {number} n_heads
 * @property {number} attention_rate attention is this share of the softmax, and one less it to every token
 * @property {Record<"memorised_at" | "circuit_from" | "cleanup_from" | "cleanup_to" | "grokked_at", number | null>} phases
 * @property {[string, number, number | null][]} bands phase, first step, first step after it; null while it lasts
 * @property {Record<"open" | "ahead" | "decided", number | null>} race of the frequencies: its moments, as steps
 * @property {Declaration[]} measures with one number a snapshot, each an array of its name
 * @property {{ accuracy: number, circularity: number }} adds_from below both, a network is neither clock nor pizza
 * @property {number} [n] elements of the group that is added in, where a part draws them
 * @property {Record<string, string>} silent pictures that are not there, and why
 * @property {number[]} neurons of the maps: which neurons they show
 * @property {number[]} [freqs] of what was chosen: frequencies to draw the rings of; none where those of key ones are drawn
 * @property {number[]} [heads] heads to draw; none where as many are drawn as there is room for
 *
 * A group: series over its elements and blocks are in their order, and a key frequency is the number of a block.
 * @typedef {object} Group
 * @property {string} name
 * @property {boolean} is_cyclic block k is frequency k, and the elements go around its clock in their order
 * @property {number[]} tokens the number that stands for each element, in the place of a
 * @property {number[]} tokens_b and in that of b
 * @property {number | null} root where element i is the i-th power of it
 * @property {string[]} blocks names, that of the constant first
 * @property {number[]} sizes functions in each block
 *
 * A measure, in the words of its declaration (grokviz/measures/declaration.py).
 * @typedef {object} Declaration
 * @property {string} name
 * @property {string} title
 * @property {string} unit beside its axis
 * @property {string} label of its curve
 * @property {boolean} percent a share
 * @property {boolean} log on a logarithmic axis
 * @property {string} group curves of one group share a figure
 * @property {string} nothing why it says nothing of this run; "" where it does
 *
 * A run as the panels see it.
 * @typedef {{ header: Header, arrays: Record<string, StoredArray>, maps: Part | null }} Timeline
 *
 * Where the film stands: between the snapshots `before` and `after`, a `share` of the way; `index` is the nearer.
 * @typedef {{ position: number, before: number, after: number, share: number, index: number }} Moment
 *
 * What is under a pointer, in any film or picture of the page: numbers of the run, the pair they form, and the
 * answer to that pair where it is known.
 * @typedef {{ numbers: number[], pair: [number, number] | null, answer: number | null }} Hover
 *
 * What a panel draws with: the size in CSS pixels, device pixels in one of them, and what to draw.
 * @typedef {object} Context
 * @property {number} width
 * @property {number} height
 * @property {number} scale
 * @property {Theme} theme
 * @property {Timeline} timeline
 * @property {Axis} axis of time
 * @property {Edges | null} edges of that axis, where the figure stands under a strip and is as wide
 * @property {Moment} moment
 * @property {Hover} hover
 *
 * Pixels to the left and to the right of an axis of time: of all figures that share it, so that a step has one place.
 * @typedef {{ left: number, right: number }} Edges
 *
 * @typedef {import("./kit/theme.js").Theme} Theme
 * @typedef {import("./kit/axis.js").Axis} Axis
 * @typedef {CanvasRenderingContext2D} Canvas
 */

/** One of the frequencies, heads or neurons of a run: its kind as grokviz/app/explorer/choose.py counts them.
 * @typedef {{ kind: 0 | 1 | 2, number: number }} Choice */

/**
 * What a panel can do to its page: tell Python what was chosen, ask to be drawn.
 * @typedef {{ pick: (chosen: object) => void, draw: () => void }} PanelPage
 */

/**
 * A panel. `Own` is what it keeps for one run.
 * @template Own
 * @typedef {object} Panel
 * @property {string} id the name of its file
 * @property {string} name what it shows, in a few words: beside its title in the list of panels
 * @property {string} title the question it answers
 * @property {string} howto what its marks mean
 * @property {string} needs the part of a run that it draws: "core", "maps", or one that its page sends
 * @property {string[]} [uses] parts that it draws too, once they are here
 * @property {(timeline: Timeline, theme: Theme) => Own} prepare once a run, and again when a part of it has come
 * @property {(timeline: Timeline) => string | null} [empty] why it cannot be drawn for this run, in words
 * @property {(g: Canvas, own: Own, context: Context) => void} background when size, theme or axis have changed
 * @property {(g: Canvas, own: Own, context: Context) => void} live every frame
 * @property {(own: Own, x: number, y: number, context: Context) => (Hover & { words: string }) | null} [hover] what is at
 *   this point, and the words that take the place of the caption meanwhile
 * @property {boolean} [titled] under its own title, also where it stands beside a text of the page
 * @property {boolean} [wide] over the whole width of the page, in a row of its own
 * @property {(timeline: Timeline, width: number) => number} [height] of the figure in pixels, where a square is not right
 * @property {(timeline: Timeline, i: number) => string} caption the answer at snapshot i
 * @property {(canvas: HTMLCanvasElement, now: () => { own: Own, context: Context } | null, page: PanelPage) => void} [listen]
 *   to what is chosen in the figure by pointer or keys
 * @property {(own: Own, context: Context) => { left: number, width: number, axis?: Axis }} [timeBox] where the axis of
 *   time lies in the figure, and which one if it is not the film's: press and drag there, and the film moves
 * @property {(own: Own, x: number, y: number, context: Context) => number | null} [press] the snapshot that a press here
 *   leads to
 * @property {(own: Own, x: number, y: number, context: Context) => Choice | null} [choice] what a press here chooses, to be
 *   drawn alone
 */

export {};
