// All panels, in the order of the page.

import { ringsPanel } from "./rings.js";
import { answersPanel } from "./answers.js";
import { embeddingPanel } from "./embedding.js";
import { attentionPanel } from "./attention.js";
import { neuronsPanel } from "./neurons.js";
import { logitsPanel } from "./logits.js";
import { outputsPanel } from "./outputs.js";
import { accuracyPanel } from "./accuracy.js";
import { simplicityPanel } from "./simplicity.js";

export const PANELS = [
  ringsPanel, answersPanel, embeddingPanel, attentionPanel, neuronsPanel, logitsPanel, outputsPanel, accuracyPanel, simplicityPanel,
];
