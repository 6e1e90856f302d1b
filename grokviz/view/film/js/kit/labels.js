// Labels that would stand on each other are moved apart.

/** As little as it takes until none are closer than `gap`; sorts them.
 * @param {{ at: number }[]} labels @param {number} gap */
export function spread(labels, gap) {
  labels.sort((a, b) => a.at - b.at);
  for (let round = 0; round < 12; round++) {
    for (let i = 1; i < labels.length; i++) {
      const overlap = labels[i - 1].at + gap - labels[i].at;
      if (overlap > 0) [labels[i - 1].at, labels[i].at] = [labels[i - 1].at - overlap / 2, labels[i].at + overlap / 2];
    }
  }
}

/** A middle from `bottom` upwards that is `gap` away from all that is taken, `bottom` where there is none down to 0.
 * @param {number[]} taken @param {number} bottom @param {number} gap */
export function freePlace(taken, bottom, gap) {
  for (let at = bottom; at >= gap / 2; at--) {
    if (taken.every((other) => Math.abs(other - at) >= gap)) return at;
  }
  return bottom;
}

/** Sorted labels, none above `top` or below `bottom`.
 * @param {{ at: number }[]} labels @param {number} top @param {number} bottom @param {number} gap */
export function keepInside(labels, top, bottom, gap) {
  labels.forEach((label, i) => (label.at = Math.max(label.at, top + i * gap)));
  labels.forEach((label, i) => (label.at = Math.min(label.at, bottom - (labels.length - 1 - i) * gap)));
}

/** A text broken between words into lines of at most `room` pixels, where its words allow that.
 * @param {string} text @param {number} room @param {(words: string) => number} widthOf @returns {string[]} */
export function inLines(text, room, widthOf) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : "";
    if (longer && widthOf(longer) <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
