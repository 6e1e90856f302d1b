// One sentence that says what is happening at this step of this run, out of its measures and its own phases.

/** @import { Timeline } from "./contract.js" */

import { groupOf, keyShare, measure, phaseAt, waveWord } from "./kit/timeline.js";
import { percent, plural, readAloud, whole } from "./kit/wording.js";

const KNOWN = 0.995; // the accuracy from which a split is spoken of as known
const LOST = 0.9; // and that below which, once it had grokked, the rule is spoken of as lost

/** @param {Timeline} timeline @param {number} i @returns {string} */
export function narrate(timeline, i) {
  const { header } = timeline, { phases, key_freqs: keys } = header, step = header.steps[i];
  const train = measure(timeline, "train_accuracy", i), test = measure(timeline, "test_accuracy", i);
  const unseen = `${percent(test)} of the pairs it has never seen`, growing = goingOn(timeline, i);
  if (i === 0 && step === 0) {
    return `Nothing is learned yet: it guesses, and gets ${unseen}.${growing}`;
  }
  if (phases.grokked_at !== null && step > phases.grokked_at && test < LOST) {
    return `It had understood, and has lost the rule again: ${unseen} are right, and ${percent(train)} of those it trains on.${growing}`;
  }
  if (phases.cleanup_to !== null ? step >= phases.cleanup_to : train > KNOWN && test > KNOWN) {
    return `It has understood: ${unseen} are answered correctly, with ${keys.length ? plural(keys.length, waveWord(timeline)) : "whatever it has found"}.${growing}`;
  }
  const phase = phaseAt(header, step);
  if (phase === "cleanup") {
    return `The rule takes over. What was learned by heart now only costs, and is cleared away${cleared(timeline, i)}. It gets ${unseen}.${growing}`;
  }
  if (phase === "circuit formation") {
    const flat = phases.memorised_at !== null && step > phases.memorised_at
      ? `The training pairs have been known for ${whole(step - phases.memorised_at)} steps` : "It still recites";
    return `${flat}${hidden(timeline, i)}. From outside little shows: it gets ${unseen}.${growing}`;
  }
  if (phases.memorised_at !== null ? step >= phases.memorised_at : train > KNOWN) {
    return `It knows its training pairs by heart: ${percent(train)} of them are right, and ${unseen}.${growing}`;
  }
  return `It is learning its training pairs one by one: ${percent(train)} of them are right, and ${unseen}.${growing}`;
}

/** What there is to say while training goes on. @param {Timeline} timeline @param {number} i */
function goingOn({ header }, i) {
  const { steps, finished, planned_steps: planned } = header;
  if (steps.length === 1) return " There is one snapshot so far, so there is nothing to drag yet.";
  if (finished || i < steps.length - 1) return "";
  return ` Training goes on: this is step ${whole(steps[i])} of ${whole(planned)}.`;
}

/** How much of the weights cleanup has cleared. @param {Timeline} timeline @param {number} i */
function cleared(timeline, i) {
  const { steps, phases } = timeline.header;
  const before = steps.findLastIndex((s) => s <= (phases.cleanup_from ?? 0));
  const shrunk = 1 - measure(timeline, "sum_squared_weights", i) / measure(timeline, "sum_squared_weights", Math.max(before, 0));
  return shrunk > 0.005 ? `: the network’s numbers, squared and added up, are down by ${percent(shrunk)}` : "";
}

/** What the key frequencies carry already. @param {Timeline} timeline @param {number} i */
function hidden(timeline, i) {
  const { key_freqs: keys } = timeline.header;
  if (!keys.length) return "";
  const { is_cyclic: clock, sizes, blocks } = groupOf(timeline);
  const by = clock ? keys.length / (blocks.length - 1) : keys.reduce((sum, k) => sum + sizes[k], 0) / (sizes.reduce((sum, size) => sum + size, 0) - 1);
  const who = keys.length === 1 ? `one ${waveWord(timeline)} now makes up` : `${plural(keys.length, waveWord(timeline))} now make up`;
  const share = percent(keyShare(timeline, "spectrum_W_E", i)), chance = percent(by);
  return `, yet inside ${who} ${share} of how it keeps the numbers (by chance ${chance})`;
}

/** What a screen reader hears for a position of the film. @param {Timeline} timeline @param {number} i */
export function spoken(timeline, i) {
  const step = timeline.header.steps[i], phase = phaseAt(timeline.header, step);
  const [train, test] = ["train_loss", "test_loss"].map((name) => readAloud(measure(timeline, name, i)));
  return `step ${whole(step)}${phase ? `, ${phase}` : ""}; training loss ${train}, test loss ${test}`;
}
