// Runs of other lengths and other snapshots under one clock.
import assert from "node:assert/strict";
import test from "node:test";

let now = 0, queue = [];
globalThis.requestAnimationFrame = (frame) => queue.push(frame);
globalThis.cancelAnimationFrame = () => (queue = []);
globalThis.matchMedia = () => ({ matches: false });

const { makeFilm } = await import("../../../grokviz/view/film/js/film.js");
const { joinedHeader, makeFollower } = await import("../../../grokviz/view/film/js/follower.js");

const NONE = { circuit_from: null, cleanup_to: null };
const SHORT = { id: "s", title: "short", steps: [0, 100, 400, 1000], finished: true, phases: NONE, bands: [["memorisation", 0, 100]] };
const LONG = { id: "l", title: "long", steps: [0, 300, 1000, 3000, 6000], finished: true, phases: NONE, bands: [["memorisation", 0, null]] };

function made(headers = [SHORT, LONG]) {
  queue = [];
  const clock = makeFilm(joinedHeader(headers));
  return { clock, runs: headers.map((header) => makeFollower(clock, header)) };
}

function pass(ms, watch = () => {}) {
  for (const end = now + ms; now < end; now += 16) {
    const frames = queue;
    queue = [];
    for (const frame of frames) frame(now);
    watch();
  }
}

test("the clock goes through every step of every run, and stops at all their phases", () => {
  const { clock } = made();
  assert.deepEqual(clock.steps, [0, 100, 300, 400, 1000, 3000, 6000]);
  assert.deepEqual(clock.boundaries().map((i) => clock.steps[i]), [0, 100, 6000]);
  assert.equal(clock.header.title, "short and long");
});

test("the wider axis of one of them is that of all", () => {
  const early = { ...SHORT, phases: { circuit_from: 50, cleanup_to: 400 } };
  assert.equal(joinedHeader([early, LONG]).phases.circuit_from, 50);
  assert.equal(made([early, LONG]).clock.axis.kind, "root");
  assert.equal(made().clock.axis.kind, "linear");
});

for (const kind of ["linear", "root", "log"]) {
  test(`a step has one place in all figures on a ${kind} axis`, () => {
    const { clock, runs } = made();
    clock.setAxis(kind);
    for (const run of runs) {
      assert.equal(run.axis.kind, kind);
      for (const step of run.steps) assert.ok(Math.abs(run.axis.unit(step) - clock.axis.unit(step)) < 1e-12);
    }
  });

  test(`under the hand every run stands at the same step on a ${kind} axis`, () => {
    const { clock, runs: [short, long] } = made();
    clock.setAxis(kind);
    const at = clock.axis.unit(350);
    clock.dragTo(at);
    for (const run of [short, long]) assert.ok(Math.abs(run.axis.unitAt(run.position) - at) < 1e-12);
    assert.ok(short.position > 1 && short.position < 2);
    assert.ok(long.position > 1 && long.position < 2);
  });
}

test("at rest each stands at a snapshot of its own, and says of which step", () => {
  const { clock, runs: [short, long] } = made();
  clock.goTo(3, { eased: false }); // step 400: short has it, long has 300
  assert.deepEqual([short.step(), long.step()], [400, 300]);
  assert.deepEqual([short.moment().share, long.moment().share], [0, 0]);
});

test("a run that has ended stays at its last snapshot, and says so", () => {
  const { clock, runs: [short, long] } = made();
  clock.goTo(5, { eased: false });
  assert.deepEqual([short.step(), short.when()], [1000, "after"]);
  assert.deepEqual([long.step(), long.when()], [3000, "during"]);
  clock.dragTo(clock.axis.unit(1000));
  clock.settle();
  pass(300);
  assert.equal(short.when(), "during");
});

test("a run that begins later has not begun before", () => {
  const { clock, runs: [, fork] } = made([LONG, { ...SHORT, steps: [1000, 1500] }]);
  clock.goTo(1, { eased: false });
  assert.deepEqual([fork.when(), fork.step()], ["before", 1000]);
});

test("a jump moves every run without a leap, from where it stood to its own snapshot", () => {
  const { clock, runs } = made();
  clock.dragTo(clock.axis.unit(350));
  const places = runs.map((run) => [run.position]);
  clock.goTo(5);
  pass(240, () => runs.forEach((run, i) => places[i].push(run.position)));
  for (const [i, run] of runs.entries()) {
    const leaps = places[i].slice(1).map((position, j) => Math.abs(position - places[i][j]));
    assert.ok(Math.max(...leaps) < 0.75, String(places[i]));
    assert.equal(run.position, Math.round(run.position));
  }
  assert.deepEqual(runs.map((run) => run.step()), [1000, 3000]);
  clock.stop();
});

test("a press in a figure of one run leads the clock to the step of its snapshot", () => {
  const { clock, runs: [, long] } = made();
  long.goTo(long.nearest(1100), { eased: false });
  assert.equal(clock.step(), 1000);
});

test("a run with one snapshot has one place", () => {
  const { clock, runs: [, one] } = made([LONG, { ...SHORT, steps: [0] }]);
  clock.dragTo(0.7);
  assert.deepEqual([one.position, one.when()], [0, "after"]);
});
