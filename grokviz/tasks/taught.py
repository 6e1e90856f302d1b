"""Wrong labels: a share of the training pairs is labelled with an answer that is not theirs.

Doshi et al. 2023, "To grok or not to grok" (arXiv 2310.13061): with weight decay a network may learn the rule all the
same, and then contradicts what it was taught.
"""

import numpy as np
from jaxtyping import Bool, Int

STREAM_WRONG = 3  # of random numbers, beside those in `tasks/pairs.py`


def wrongly_taught(
    answers: Int[np.ndarray, "p p"], is_train: Bool[np.ndarray, "p p"], share: float, seed: int
) -> Int[np.ndarray, "p p"] | None:
    """The label of every pair: of round(share * training pairs), drawn from the seed, any other than its answer, all
    alike; of the others their answer. None where that is none.

    What is drawn for a pair depends on the seed alone, so among fewer pairs those that were wrong are wrong still.
    """
    p, n_wrong = len(answers), round(share * int(is_train.sum()))
    if not n_wrong:
        return None
    rng = np.random.default_rng([seed, STREAM_WRONG])
    order, further = rng.permutation(p * p), rng.integers(1, p, size=(p, p))
    is_wrong = np.zeros(p * p, dtype=bool)
    is_wrong[order[is_train.ravel()[order]][:n_wrong]] = True
    return np.where(is_wrong.reshape(p, p), (answers + further) % p, answers)
