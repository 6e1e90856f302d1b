// What the network says to the pair in view, and which frequencies spoke for the right answer.

/** @import { Canvas, Context, Panel, Theme } from "../contract.js" */

import { line, write } from "../kit/canvas.js";
import { answerOf, logitsNow, pairOf, rowAt, rowMoment, rowOfPart, wavesOf, written } from "../kit/pair.js";
import { SMALL } from "../kit/theme.js";
import { percent, readable, signed } from "../kit/wording.js";

const RUNNERS_UP = 5, BAR = 24, HEAD = 30; // answers; pixels

/** `reach` is the largest part of a frequency at any snapshot: the axis never moves.
 * @typedef {{ reach: number }} Own */

/** @param {{ id: string, title: string, rows: number, pair?: string }} spec `rows` of frequencies; the part that holds the
 * pair @returns {Panel<Own>} */
export function answer({ id, title, rows, pair: name = "pair" }) {
  return {
    id, title, name: title, howto: "",
    needs: name,
    height: () => HEAD + RUNNERS_UP * BAR + (rows ? HEAD + 14 + (rows + 1) * BAR : 0),
    prepare(timeline) {
      const pair = pairOf(timeline, name), { asked } = pair;
      let reach = 1e-6;
      for (let i = 0; i < asked.at.length && asked.places; i++) {
        for (const part of spokenFor(pair, rowAt(i)).parts) reach = Math.max(reach, Math.abs(part));
      }
      return { reach };
    },
    background() {},
    live(g, own, context) {
      const pair = pairOf(context.timeline, name), { asked } = pair, logits = logitsNow(pair, context.moment);
      drawAnswers(g, answerOf(logits, asked.right), asked.right, context);
      if (rows && asked.places) drawSpeakers(g, own, spokenFor(pair, rowMoment(asked.at, context.moment)), asked, context);
    },
    caption(timeline, i) {
      const pair = pairOf(timeline, name), { asked } = pair, row = asked.at.indexOf(i);
      if (row < 0) return "This step is being measured.";
      return answerSentence(answerOf(rowOfPart(pair, "logits", rowAt(row)), asked.right), asked, (c) => written(timeline, c));
    },
  };
}

/** What it says, whether that is right, and by how much.
 * @param {ReturnType<typeof answerOf>} found @param {{ right: number, seen: string }} asked @param {(c: number) => string} name */
export function answerSentence({ ranked, probability, rival, margin }, { right, seen }, name) {
  const verdict = ranked[0] === right ? "which is right" : `which is wrong: it is ${name(right)}`;
  const stands = `The right answer stands ${readable(Math.abs(margin))} nats ${margin >= 0 ? "above" : "below"} ${name(rival)}, its strongest rival.`;
  return `“${name(ranked[0])}”, ${percent(probability[ranked[0]])} sure, ${verdict}. ${seen} ${stands}`;
}

/** What each frequency adds to the right answer's lead over its strongest rival, and all others together.
 * @param {ReturnType<typeof pairOf>} pair @param {import("../contract.js").Moment} row among its rows */
export function spokenFor(pair, row) {
  const { order, right } = pair.asked, logits = rowOfPart(pair, "logits", row), { rival } = answerOf(logits, right);
  const [r, v] = [right, rival].map((c) => order.c.indexOf(c)), waves = wavesOf(pair, row);
  const parts = waves.map((wave) => (r < 0 || v < 0 ? 0 : wave[r] - wave[v])), all = r < 0 || v < 0 ? 0 : logits[right] - logits[rival];
  return { parts: [...parts, all - parts.reduce((sum, part) => sum + part, 0)], rival };
}

/** @param {Canvas} g @param {ReturnType<typeof answerOf>} found @param {number} right @param {Context} context */
function drawAnswers(g, { ranked, probability }, right, { width, timeline, theme }) {
  const shown = ranked.slice(0, RUNNERS_UP), left = 12 + Math.max(...shown.map((c) => theme.widthOf(`${written(timeline, c)} (right)`)));
  heading(g, "its most probable answers", theme, 12);
  shown.forEach((c, i) => {
    const y = HEAD + (i + 0.5) * BAR, isRight = c === right;
    g.fillStyle = theme.faint;
    g.fillRect(left, y - 7, width - left - 84, 14);
    g.fillStyle = isRight ? theme.series.test.line : theme.muted;
    g.fillRect(left, y - 7, Math.max(1, (width - left - 84) * probability[c]), 14);
    g.font = theme.font(SMALL, isRight ? 600 : 400);
    g.fillStyle = theme.text;
    write(g, `${written(timeline, c)}${isRight ? " (right)" : ""}`, left - 8, y, "right");
    write(g, percent(probability[c]), width - 76, y);
  });
}

/** @param {Canvas} g @param {Own} own @param {ReturnType<typeof spokenFor>} spoken @param {import("../kit/pair.js").Asked} asked
 * @param {Context} context */
function drawSpeakers(g, own, { parts, rival }, { freqs, names: called, right, clock }, { width, timeline, theme }) {
  const top = HEAD + RUNNERS_UP * BAR + 14, names = [...called, "all others"];
  const left = 12 + Math.max(...names.map(theme.widthOf)), half = (width - left - 84) / 2, middle = left + half;
  heading(g, `which ${clock ? "frequencies" : "blocks"} speak for ${written(timeline, right)}, and which for ${written(timeline, rival)}`, theme, top + 12);
  parts.forEach((part, i) => {
    const y = top + HEAD + (i + 0.5) * BAR, colour = i < freqs.length ? theme.frequency(i) : theme.muted, long = (part / own.reach) * half;
    g.fillStyle = colour;
    g.fillRect(Math.min(middle, middle + long), y - 7, Math.max(1, Math.abs(long)), 14);
    g.font = theme.font(SMALL, 600);
    write(g, names[i], left - 8, y, "right");
    g.font = theme.font(SMALL);
    g.fillStyle = theme.text;
    write(g, signed(part), width - 76, y);
  });
  g.strokeStyle = theme.muted;
  line(g, middle + 0.5, top + HEAD - 2, middle + 0.5, top + HEAD + parts.length * BAR + 2);
}

/** @param {Canvas} g @param {string} words @param {Theme} theme @param {number} y */
function heading(g, words, theme, y) {
  g.font = theme.font(SMALL);
  g.fillStyle = theme.muted;
  write(g, words, 0, y);
}
