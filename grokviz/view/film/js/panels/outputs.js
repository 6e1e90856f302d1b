// The frequencies in the output weights.

import { spectrumPanel } from "../kit/spectrum-panel.js";

export const outputsPanel = spectrumPanel(
  {
    id: "outputs",
    name: "Frequencies in the outputs",
    title: "What do the answers listen to?",
    whole: "the output weights’ energy",
    without: "So nobody knows which waves its answers would listen to.",
    howto:
      "The same spectrum for W_L = W_out W_U, the map from neurons to answers. When the circuit is complete the key " +
      "frequencies carry nearly all of it. (It leaves out the path that goes around the neurons.)",
  },
  "spectrum_W_L",
);
