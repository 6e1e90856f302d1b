// The film without a page: time stands still here until a test moves it.
import assert from "node:assert/strict";
import test from "node:test";

let now = 0, queue = [];
globalThis.requestAnimationFrame = (frame) => queue.push(frame);
globalThis.cancelAnimationFrame = () => (queue = []);
globalThis.matchMedia = () => ({ matches: globalThis.calm ?? false });

const { makeFilm } = await import("../../../grokviz/view/film/js/film.js");

const HEADER = {
  steps: [0, 100, 400, 1600, 10_000], finished: true,
  phases: { circuit_from: 100, cleanup_from: 1600, cleanup_to: 10_000 },
  bands: [["memorisation", 0, 100], ["circuit formation", 100, 1600], ["cleanup", 1600, 10_000]],
};

function made() {
  queue = [];
  const film = makeFilm(HEADER), commits = [];
  film.oncommit = () => commits.push(film.step());
  return { film, commits };
}

/** Lets frames of 16 ms go by. */
function pass(ms) {
  for (const end = now + ms; now < end; now += 16) {
    const frames = queue;
    queue = [];
    for (const frame of frames) frame(now);
  }
}

test("under the hand it stands between snapshots, and settles on the nearest", () => {
  const { film } = made();
  film.dragTo((film.axis.units[2] * 0.6 + film.axis.units[3] * 0.4), now);
  assert.ok(film.held && film.touched);
  assert.ok(Math.abs(film.position - 2.4) < 1e-9);
  assert.equal(film.moment().before, 2);
  film.settle();
  pass(400);
  assert.equal(film.position, 2);
  assert.ok(!film.busy());
  film.stop();
});

test("a jump from afar eases, and keys count from where it is heading", () => {
  const { film } = made();
  film.goTo(4);
  pass(48);
  assert.ok(film.position > 0 && film.position < 4);
  assert.equal(film.goal(), 4);
  film.by(-1);
  pass(400);
  assert.equal(film.position, 3);
  film.stop();
});

test("whoever asks for calm is there at once", () => {
  const { film } = made();
  globalThis.calm = true;
  film.goTo(4);
  assert.equal(film.position, 4);
  film.dragTo(film.axis.units[1] + 0.01, now);
  assert.equal(film.position, 1);
  globalThis.calm = false;
  film.stop();
});

test("it plays at an even pace along its axis, to the end in twenty seconds, and pauses there", () => {
  const { film } = made();
  film.play();
  pass(10_000);
  assert.ok(Math.abs(film.axis.unitAt(film.position) - 0.5) < 0.01);
  pass(11_000);
  assert.equal(film.step(), 10_000);
  assert.ok(!film.playing);
  film.play(); // from the start again
  assert.equal(film.position, 0);
  film.stop();
});

test("the tour plays up to a snapshot and stops there; what lies behind is a jump", () => {
  const { film } = made();
  film.playTo(3);
  pass(3_300);
  assert.equal(film.position, 3);
  assert.ok(!film.moving());
  film.playTo(1);
  assert.ok(!film.playing);
  pass(400);
  assert.equal(film.position, 1);
  film.stop();
});

test("phases are stops, in both directions", () => {
  const { film } = made();
  assert.deepEqual(film.boundaries(), [0, 1, 3, 4]);
  for (const [direction, step] of [[1, 100], [1, 1600], [-1, 100], [-1, 0], [-1, 0]]) {
    film.toBoundary(direction);
    pass(400);
    assert.equal(film.step(), step);
  }
  film.stop();
});

test("a run that grows keeps the step in view, or goes along from its last one", () => {
  const longer = { ...HEADER, steps: [...HEADER.steps, 20_000] };
  const { film } = made();
  film.goTo(2, { eased: false });
  film.grow(longer);
  assert.equal(film.step(), 400);
  film.goTo(5, { eased: false });
  film.grow({ ...longer, steps: [...longer.steps, 30_000] });
  assert.equal(film.step(), 30_000);
  film.stop();
});

test("Python hears of it 150 ms after the last input, and not while it plays", async () => {
  const { film, commits } = made();
  film.goTo(1, { eased: false });
  film.goTo(2, { eased: false });
  assert.deepEqual(commits, []);
  const late = () => new Promise((resolve) => setTimeout(resolve, 250));
  await late();
  assert.deepEqual(commits, []); // the page was busy until then: an input may be waiting
  film.goTo(3, { eased: false });
  pass(16);
  assert.deepEqual(commits, []);
  await late();
  pass(16);
  assert.deepEqual(commits, [1600]);
  film.goTo(1, { eased: false });
  await late();
  film.stop();
  pass(16);
  assert.deepEqual(commits, [1600]);
});
