// The strip: the loss curves under the hand, the phases above them, the controls and the narrator below.

const SPEEDS = [["0.5", "½×"], ["1", "1×"], ["2", "2×"], ["4", "4×"]];
const AXES = [["linear", "even steps"], ["root", "early steps wider"], ["log", "logarithmic"]];

// Press anywhere and drag: `unitOf(x)` turns a place on the canvas into a place on the axis.
function makeDraggable(canvas, film, unitOf) {
  canvas.classList.add("gv-drags");
  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("gv-held");
    film.dragTo(unitOf(event.offsetX), event.timeStamp);
  };
  canvas.onpointermove = (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) film.dragTo(unitOf(event.offsetX), event.timeStamp);
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (!canvas.classList.contains("gv-held")) return;
    canvas.classList.remove("gv-held");
    film.settle();
  };
}

function makeStrip(timeline, film, { onlayout, menus, saves }) {
  const { header } = timeline, plot = lossPlot(timeline), many = header.steps.length > 1;
  const figure = makeFigure("gv-strip-figure", "Loss curves on a log scale over training steps");
  const bands = phaseBands(header);
  const chips = bands.map((band) =>
    make("button", "gv-phase", { type: "button", text: band.name, title: `Go to the start of ${band.name}`, onclick: () => film.goTo(film.nearest(band.from)) }));
  const phaseRow = make("div", "gv-phases", {}, make("span", "gv-strip-title", { text: "loss" }), ...chips);
  const range = make("input", "gv-range", {
    type: "range", min: 0, max: header.steps.length - 1, step: 1, "aria-label": "Training step", disabled: !many,
    oninput: () => film.goTo(Number(range.value), { eased: false }),
  });
  const invite = make("span", "gv-invite", { text: "drag", "aria-hidden": "true" });
  figure.holder.append(range, invite);

  const playButton = make("button", "gv-play", { type: "button", disabled: !many, onclick: () => film.toggle() });
  const speed = picker("Speed", SPEEDS, String(film.speed), (value) => (film.speed = Number(value)));
  const loop = make("input", "", { type: "checkbox", checked: film.loop, onchange: () => (film.loop = loop.checked) });
  const axis = picker("Time axis", AXES, film.axis.kind, (value) => {
    film.setAxis(value);
    film.axisIsChosen = true;
    onlayout();
  });
  const more = makeMenu("More", make("label", "", {}, make("span", "", { text: "Time axis" }), axis),
    make("label", "", {}, loop, make("span", "", { text: "Play in a loop" })), ...saves);
  const stepText = make("output", "gv-step"), phaseText = make("span", "gv-now");
  const controls = make("div", "gv-controls", {}, playButton, make("span", "gv-stepbox", {}, stepText, phaseText), make("span", "gv-spacer"), speed, ...menus, more);
  const narrator = make("p", "gv-narrator");
  const element = make("div", "gv-stage", {}, phaseRow, figure.holder, controls);
  let box = null, shownPlaying = null;

  if (many) makeDraggable(figure.front, film, (x) => (x - box.left) / box.width);

  function layout(width, theme) {
    figure.resize(width, width < 520 ? 158 : 186);
    box = plotBox(plot, figure.width, figure.height, theme);
    layPhases();
    phaseRow.style.setProperty("--left", `${box.left}px`);
    invite.style.left = `${box.left + film.axis.unitAt(film.position) * box.width}px`;
  }

  // Each name over its band where all fit, else a row of names with their tints.
  function layPhases() {
    phaseRow.classList.remove("gv-legend");
    const places = bands.map(({ from, to }) => [film.axis.unit(from), film.axis.unit(to)].map((u) => box.left + u * box.width));
    chips.forEach((chip) => (chip.style.cssText = ""));
    const fits = places.every(([x0, x1], i) => chips[i].scrollWidth + 4 <= x1 - x0);
    phaseRow.classList.toggle("gv-legend", !fits);
    places.forEach(([x0, x1], i) => {
      if (fits) chips[i].style.cssText = `position:absolute;left:${x0}px;width:${x1 - x0}px`;
    });
  }

  function paint(theme) {
    chips.forEach((chip, i) => chip.style.setProperty("--tint", theme.phases[bands[i].name]));
    if (figure.stale) {
      drawPlotBackground(figure.clear(figure.back), plot, box, film.axis, header, theme);
      figure.stale = false;
    }
    const g = figure.clear(figure.front), x = drawCursor(g, plot, box, film, theme);
    dot(g, x, box.bottom, 7.5, theme.background);
    dot(g, x, box.bottom, 6, theme.text);
    if (!film.touched) invite.style.left = `${x}px`;
    invite.hidden = film.touched || !many;
  }

  function tell(i) {
    setText(stepText, `step ${whole(header.steps[i])}`);
    const phase = phaseAt(header, header.steps[i]), { cleanup_to: done } = header.phases;
    setText(phaseText, phase ?? (done !== null && header.steps[i] >= done ? "understood" : ""));
    setText(narrator, narrate(timeline, i));
    range.value = i;
    range.setAttribute("aria-valuetext", spoken(timeline, i));
    figure.front.setAttribute("aria-label", `Loss curves on a log scale. Now at ${spoken(timeline, i)}.`);
  }

  function showPlaying() {
    if (film.playing === shownPlaying) return;
    shownPlaying = film.playing;
    playButton.replaceChildren(icon(film.playing ? "pause" : "play"));
    playButton.setAttribute("aria-label", film.playing ? "Pause" : "Play");
    playButton.title = film.playing ? "Pause (Space)" : "Play (Space)";
  }

  const caption = () => narrator.textContent;
  return { element, narrator, figure, range, layout, paint, tell, showPlaying, caption };
}

function picker(label, options, value, onchange) {
  const select = make("select", "gv-picker", { "aria-label": label, title: label, onchange: () => onchange(select.value) });
  for (const [key, words] of options) select.append(make("option", "", { value: key, text: words, selected: key === value }));
  return select;
}

const KEYS = {
  " ": (film) => film.toggle(),
  ArrowLeft: (film, event) => film.by(event.shiftKey ? -10 : -1),
  ArrowRight: (film, event) => film.by(event.shiftKey ? 10 : 1),
  ArrowDown: (film, event) => film.by(event.shiftKey ? -10 : -1),
  ArrowUp: (film, event) => film.by(event.shiftKey ? 10 : 1),
  Home: (film) => film.goTo(0),
  End: (film) => film.goTo(film.steps.length - 1),
  PageUp: (film) => film.toBoundary(-1),
  PageDown: (film) => film.toBoundary(1),
  "[": (film) => film.toBoundary(-1),
  "]": (film) => film.toBoundary(1),
};
const VERTICAL = new Set(["ArrowUp", "ArrowDown"]);

// A key belongs to the film when the focus is inside it, or nowhere and this is the film last touched.
function onKey(event, film, inside, range) {
  const act = KEYS[event.key], target = event.composedPath()[0];
  if (!act || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (inside) {
    if (target !== range && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
    if (event.key === " " && /^(BUTTON|SUMMARY|A)$/.test(target.tagName)) return;
  } else if (target !== document.body || registry.active !== film) return;
  if (VERTICAL.has(event.key) && target !== range) return; // elsewhere they scroll the page
  event.preventDefault();
  act(film, event);
}
