"""The glossary: word, then what it means to a reader who meets it for the first time.

Any page leads to an entry by a link, `[loss](glossary#loss)`: its meaning then opens beside the word.
"""

import re

WORDS = {
    "Modular addition": "Addition on a clock. Modulo 113, numbers run from 0 to 112 and then start over: "
    "100 + 20 = 7, as on a clock 10 o'clock plus 5 hours is 3 o'clock.",
    "Modulus, p": "The number of hours on the clock, 113 in the paper. Answers are numbers from 0 to p − 1.",
    "Pair": "One question, a and b. There are 113 × 113 = 12,769 of them modulo 113.",
    "Training pairs, test pairs": "The questions whose answers the network is shown, and those that it never sees. "
    "Only the second tell whether it has understood.",
    "Step": "One small correction of all the network's numbers, made after looking at all the training pairs.",
    "Loss": "How surprised the network is by the right answer, on average: the negative logarithm of the "
    "probability it gave to it (cross-entropy, in nats). Blind guessing among 113 answers costs ln 113 = 4.73.",
    "Accuracy": "The share of pairs for which the most probable answer is the right one.",
    "Weights": "The adjustable numbers of the network: 226,688 in the paper's set-up with 113 answers.",
    "Weight decay": "A gentle pull of every weight towards zero at each step. It makes the network pay for "
    "everything it keeps. Without it, no run of this recipe that we know of has grokked. (Other recipes do without.)",
    "Memorisation": "Having the training pairs by heart. Here it ends where the test loss is at its worst.",
    "Grokking": "Generalising long after memorising. The word was coined for this by Power et al. in 2022.",
    "Circuit": "The part of a network that carries out one algorithm. Here: numbers to waves, waves multiplied, "
    "waves added up.",
    "Circuit formation": "The phase in which the circuit grows while the network still answers from memory.",
    "Cleanup": "The phase in which weight decay removes what was memorised. Here it begins where the test loss has "
    "fallen to half its peak for good, and ends where it comes within a factor of ten, and the squared weights within 5 %, of the lowest they reach.",
    "Snapshot": "The weights as they were at one step. Everything on these pages is computed from snapshots, except "
    "the loss curves, which were written down during training.",
    "Frequency": "How many turns a wave makes on the way once round the clock. Modulo 113 there are 56 of them.",
    "Key frequency": "A frequency that the finished circuit uses. A network uses only a few, and each network has its own. The "
    "paper publishes no threshold; ours is stated on the page Measures.",
    "Embedding": "The table W_E with which the network turns a number into a list of values to work with (128 in the paper's set-up).",
    "Attention": "The only part that moves information between a, b and “=”. Each of its heads (four here) decides how "
    "much to take from where.",
    "Neuron": "A unit that is awake when a weighted sum of its inputs is positive, and else silent (ReLU).",
    "Logits": "One number for each possible answer. The softmax turns them into probabilities.",
    "Progress measure": "A number that shows a change inside the network before its answers show it.",
    "Spectrum": "How strong every frequency is: a wave taken apart into pure waves, as a sound into tones.",
    "W_L": "W_out W_U, the map from neurons to answers: what each neuron adds to each logit.",
    "Restricted loss": "The loss when only the waves of a + b with the key frequencies are kept in the logits: the circuit on its own.",
    "Excluded loss": "The loss on the training pairs when the waves of the key frequencies are taken out of the logits: "
    "what it can do without the circuit, mostly from memory.",
    "Gini coefficient": "How unequal a set of numbers is: 0 if all are the same, near 1 if one has everything.",
    "Fraction of variance explained (FVE)": "How much of what a quantity does is captured by a simpler description "
    "of it: 1 if all of it.",
    "Margin": "How far the logit of the right answer stands above that of its strongest rival. Below 0 the answer is wrong.",
    "Cut, ablation": "Taking a part of the network out, or replacing it by something simpler, to learn what it was for.",
    "Discrete logarithm": "Modulo a prime, every number but 0 is a power of one of them, a primitive root. The exponents add "
    "when the numbers are multiplied, as logarithms do.",
    "Group": "Things that can be done one after the other, such that doing two of them is again one of them, and each can be "
    "undone: turns of a clock, shuffles of cards, turns and flips of a polygon. Addition on a clock is one; a group need "
    "not care for the order of two elements, and many do.",
    "Subgroup, coset": "A subgroup is a group within a group, such as the shuffles that leave the third card in place. Its cosets "
    "are what becomes of it when one more element comes after it (a right coset) or before it (a left one): equal parts, into "
    "which the group falls.",
    "Representation, block": "A way to write the elements of a group as matrices, so that one after the other is a product of matrices. "
    "Those that cannot be taken apart are irreducible. Their entries, as functions on the group, are its blocks: what waves "
    "are to a clock.",
}


def slug(word: str) -> str:
    """What a link calls an entry: "Training pairs, test pairs" is training-pairs."""
    return re.sub(r"[^a-z0-9]+", "-", re.split(r"[,(]", word)[0].strip().lower()).strip("-")
