// One sentence that says what is happening at this step of this run, out of its measures and its own phases.

import { measure, phaseAt } from "./kit/timeline.js";
import { inWords, percent, plural, readable, readAloud, whole } from "./kit/wording.js";

function keyShare(timeline, i) {
  const { raw, size } = timeline.arrays.spectrum_W_E, now = raw.subarray(i * size, (i + 1) * size);
  const energy = now.reduce((sum, v) => sum + v * v, 0);
  return timeline.header.key_freqs.reduce((sum, k) => sum + now[k - 1] ** 2, 0) / (energy || 1);
}

export function narrate(timeline, i) {
  const { header } = timeline, { phases, key_freqs: keys, steps } = header;
  const m = (name, at = i) => measure(timeline, name, at);
  const step = steps[i], train = m("train_accuracy"), test = m("test_accuracy");
  const unseen = `${percent(test)} of the pairs it has never seen`;
  const growing = steps.length === 1 ? " There is one snapshot so far, so there is nothing to drag yet."
    : !header.finished && i === steps.length - 1
      ? ` Training goes on: this is step ${whole(step)} of ${whole(header.planned_steps)}.` : "";
  const phase = phaseAt(header, step);
  if (i === 0 && step === 0) {
    return `Nothing is learned yet. The test loss is ${readable(m("test_loss"))}; blind guessing costs ${readable(Math.log(header.p))}.${growing}`;
  }
  if (phases.cleanup_to !== null ? step >= phases.cleanup_to : train > 0.995 && test > 0.995) {
    return `It has understood: ${unseen} are answered correctly, with ${keys.length ? plural(keys.length, "frequency", "frequencies") : "whatever it has found"}.${growing}`;
  }
  if (phase === "cleanup") {
    const before = header.steps.findLastIndex((s) => s <= phases.cleanup_from);
    const shrunk = 1 - m("sum_squared_weights") / m("sum_squared_weights", Math.max(before, 0));
    const cleared = shrunk > 0.005 ? `: the squared weights are down by ${percent(shrunk)}` : "";
    return `The circuit takes over. What was memorised now only costs, and weight decay clears it away${cleared}. It gets ${unseen}.${growing}`;
  }
  if (phase === "circuit formation") {
    const flat = phases.memorised_at !== null && step > phases.memorised_at
      ? `The training pairs have been known for ${whole(step - phases.memorised_at)} steps` : "It still recites";
    const hidden = keys.length ? `, yet ${keys.length === 1 ? "one frequency now carries" : `${inWords(keys.length)} frequencies now carry`} ${percent(keyShare(timeline, i))} of the embedding’s energy, ${percent(keys.length / Math.floor(header.p / 2))} by chance` : "";
    return `${flat}${hidden}. From outside little shows: it gets ${unseen}.${growing}`;
  }
  if (phases.memorised_at !== null ? step >= phases.memorised_at : train > 0.995) {
    return `It knows its training pairs by heart: ${percent(train)} of them are right, and ${unseen}.${growing}`;
  }
  return `It is learning its training pairs one by one: ${percent(train)} of them are right, and ${unseen}.${growing}`;
}

// What a screen reader hears for a position of the film.
export function spoken(timeline, i) {
  const step = timeline.header.steps[i], phase = phaseAt(timeline.header, step);
  const loss = (name) => readAloud(measure(timeline, name, i));
  return `step ${whole(step)}${phase ? `, ${phase}` : ""}; training loss ${loss("train_loss")}, test loss ${loss("test_loss")}`;
}
