// The frequencies in the embedding.

import { spectrumPanel } from "../kit/spectrum-panel.js";

export const embeddingPanel = spectrumPanel(
  {
    id: "embedding",
    name: "Frequencies in the embedding",
    title: "What are its numbers made of?",
    whole: "the embedding’s energy",
    without: "So there are no waves to take its numbers apart into.",
    howto:
      "The network stores every number as a vector. Read down the numbers 0, 1, 2, … each of its coordinates is a sum of waves; " +
      "a bar is how strong the wave that goes around k times is. Coloured bars are the key frequencies, the ones the " +
      "finished network computes with. At first all bars are nearly alike: noise.",
  },
  "spectrum_W_E",
);
