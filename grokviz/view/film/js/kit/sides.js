// On which side of the split a pair is, as `side` says it (grokviz/view/frames.py).

/** Without an answer, trained on, never seen, on both sides because nobody knows, trained on before and no more, and trained
 * on with a wrong label. */
export const NO_ANSWER = 0, TRAIN = 1, TEST = 2, BOTH = 3, REMOVED = 4, WRONG = 5;

/** What a pair of each side is called, behind a comma. */
export const SIDE_WORDS = [
  "no answer exists", "training pair", "unseen pair", "trained on or not", "trained on before, not any more", "training pair with a wrong label",
];
