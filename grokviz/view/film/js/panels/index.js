// All panels, in the order of the page: the order of these imports, from which Python reads their ids.
// ../contract.js says how to write one.

/** @import { Panel } from "../contract.js" */

import { ringsPanel } from "./rings.js";
import { answersPanel } from "./answers.js";
import { embeddingPanel } from "./embedding.js";
import { attentionPanel } from "./attention.js";
import { neuronsPanel } from "./neurons.js";
import { logitsPanel } from "./logits.js";
import { outputsPanel } from "./outputs.js";
import { accuracyPanel } from "./accuracy.js";
import { racePanel } from "./race.js";
import { understoodPanel } from "./understood.js";
import { simplicityPanel } from "./simplicity.js";
import { planePanel } from "./plane.js";
import { distancesPanel } from "./distances.js";
import { measuresPanel } from "./measures.js";

/** @type {Panel<any>[]} */
export const PANELS = [
  ringsPanel,
  answersPanel,
  embeddingPanel,
  attentionPanel,
  neuronsPanel,
  logitsPanel,
  outputsPanel,
  accuracyPanel,
  racePanel,
  understoodPanel,
  simplicityPanel,
  planePanel,
  distancesPanel,
  measuresPanel,
];
