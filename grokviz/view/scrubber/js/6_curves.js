// What is drawn as curves: the loss strip, which is the scrubber, and the two panels of other measures.

// Without a key frequency there is nothing to keep or to take away.
function circuitLosses(timeline) {
  return [
    curveSeries(timeline, "excluded_loss_train", "excluded", "excluded"),
    curveSeries(timeline, "restricted_loss_test", "restricted", "restricted"),
  ];
}

function lossPlot(timeline) {
  const series = [
    curveSeries(timeline, "test_loss", "test", "test", "log_test_loss"),
    curveSeries(timeline, "train_loss", "train", "train", "log_train_loss"),
    ...(timeline.header.key_freqs.length ? circuitLosses(timeline) : []),
  ].filter(({ values }) => values.some(Number.isFinite));
  const format = (v) => (v === 1 ? "1" : v === 10 ? "10" : `10${superscript(Math.round(Math.log10(v)))}`);
  return { rows: [{ kind: "log", domain: logDomain(series), series, format }], top: 0 };
}

// A panel whose figure is a plot. Press and drag on it moves the film, as on the strip.
function curvePanel(description, rows) {
  return {
    ...description,
    part: "core",
    scrubs: true,
    prepare: (timeline) => ({ plot: { rows: rows(timeline), top: 24 } }),
    box: (own, { width, height, theme }) => plotBox(own.plot, width, height, theme),
    background(g, own, { width, height, film, timeline, theme }) {
      drawPlotBackground(g, own.plot, plotBox(own.plot, width, height, theme), film.axis, timeline.header, theme);
    },
    live(g, own, { width, height, film, theme }) {
      drawCursor(g, own.plot, plotBox(own.plot, width, height, theme), film, theme);
    },
  };
}

const accuracyPanel = curvePanel(
  {
    id: "accuracy",
    name: "Accuracy",
    title: "How often is it right?",
    howto:
      "Each curve is the share of pairs whose most likely answer is the right one: dashed for the pairs it trains on, " +
      "solid for the pairs it never sees. Guessing would score 1 in p. Watch the gap between the two open and, in a run that groks, close.",
    caption(timeline, i) {
      const m = (name) => measure(timeline, name, i);
      return `It answers ${percent(m("train_accuracy"))} of the training pairs correctly and ${percent(m("test_accuracy"))} of the pairs it has never seen.`;
    },
  },
  (timeline) => [
    {
      title: "share of pairs answered correctly", kind: "linear", domain: [-0.02, 1.04], ticks: [0, 0.5, 1],
      format: (v) => `${v * 100}${THIN}%`, read: percent,
      series: [
        curveSeries(timeline, "test_accuracy", "test", "test", "log_test_accuracy"),
        curveSeries(timeline, "train_accuracy", "train", "train", "log_train_accuracy"),
      ],
    },
  ],
);

function fittedTicks(top) {
  const rough = top / 3, power = 10 ** Math.floor(Math.log10(rough));
  const pace = [1, 2, 2.5, 5, 10].map((m) => m * power).find((m) => m >= rough);
  const ticks = [];
  for (let v = 0; v <= top * 1.001; v += pace) ticks.push(v);
  return ticks;
}

const simplicityPanel = curvePanel(
  {
    id: "simplicity",
    name: "Sparsity and weight norm",
    title: "Is the network getting simpler?",
    howto:
      "Top: the Gini coefficient of the Fourier components, 0 when every frequency is equally strong, near 1 when a few " +
      "carry everything; solid for the embedding W_E, dashed for the output weights W_L = W_out W_U. Bottom: the sum of all " +
      "squared weights, which weight decay, where there is any, keeps pressing down.",
    caption(timeline, i) {
      const m = (name, at = i) => measure(timeline, name, at);
      const now = m("sum_squared_weights"), start = m("sum_squared_weights", 0);
      const change = i === 0 || !(start > 0) ? "" : now <= start
        ? `, ${percent(1 - now / start)} less than at the start` : `, ${percent(now / start - 1)} more than at the start`;
      return `The Gini coefficient of the embedding is ${m("gini_W_E").toFixed(2)}. The squared weights add up to ${readable(now)}${change}.`;
    },
  },
  (timeline) => {
    const weights = curveSeries(timeline, "sum_squared_weights", "all", "plain");
    const top = largest(weights.values) * 1.08 || 1;
    return [
      {
        title: "sparsity of frequencies (Gini)", kind: "linear", domain: [0, 1], ticks: [0, 0.5, 1],
        format: (v) => String(v), read: (v) => v.toFixed(2),
        series: [
          curveSeries(timeline, "gini_W_E", "W_E", "plain"),
          curveSeries(timeline, "gini_W_L", "W_L", "second"),
        ],
      },
      { title: "sum of squared weights", kind: "linear", domain: [0, top], ticks: fittedTicks(top), format: whole, read: readable, series: [weights] },
    ];
  },
);
