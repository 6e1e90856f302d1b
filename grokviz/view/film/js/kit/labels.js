// Labels that would stand on each other are moved apart.

// Moves labels apart until none are closer than `gap`, as little as that takes.
export function spread(labels, gap) {
  labels.sort((a, b) => a.at - b.at);
  for (let round = 0; round < 12; round++) {
    for (let i = 1; i < labels.length; i++) {
      const overlap = labels[i - 1].at + gap - labels[i].at;
      if (overlap > 0) [labels[i - 1].at, labels[i].at] = [labels[i - 1].at - overlap / 2, labels[i].at + overlap / 2];
    }
  }
}

export function keepInside(labels, top, bottom, gap) {
  if (!labels.length) return;
  labels.forEach((label, i) => (label.at = Math.max(label.at, top + i * gap)));
  labels.forEach((label, i) => (label.at = Math.min(label.at, bottom - (labels.length - 1 - i) * gap)));
}
