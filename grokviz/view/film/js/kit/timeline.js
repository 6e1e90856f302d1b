// What the film reads of a run at one snapshot: measures, phases, and what it lacks.

// The snapshot's own number, for sentences: never a blend.
export function measure(timeline, name, index) {
  const array = timeline.arrays[name];
  return array ? array.raw[index] * array.scale + array.shift : NaN;
}

export const noKey = ({ header }) => (header.finished ? "No frequency is key in this run" : "No frequency is key so far");

// The phases that happened, in steps: [{name, from, to}]. A phase that still goes on ends with the film.
export function phaseBands(header) {
  const { circuit_from: circuit, cleanup_from: cleanup, cleanup_to: end, memorised_at: memorised } = header.phases;
  const last = header.steps.at(-1), bands = [];
  const add = (name, from, to) => {
    if (from !== null && from < (to ?? last)) bands.push({ name, from, to: to ?? last });
  };
  if (circuit !== null || memorised !== null) add("memorisation", 0, circuit ?? cleanup);
  add("circuit formation", circuit, cleanup);
  add("cleanup", cleanup, end);
  return bands;
}

export function phaseAt(header, step) {
  return phaseBands(header).find((band) => step >= band.from && step < band.to)?.name ?? null;
}
