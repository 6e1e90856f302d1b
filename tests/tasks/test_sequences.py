import numpy as np
import pytest

from grokviz.tasks.sequences import SEQUENCE_TASKS, Sizes, batch_at, fixed_set, held_out

SIZES = {
    "skip-trigrams": Sizes(n_symbols=4, length=9),
    "digits": Sizes(n_digits=3),
    "repeats": Sizes(n_symbols=20, length=31, span=6),
}


@pytest.fixture(params=SIZES)
def task(request):
    return SEQUENCE_TASKS[request.param].build(SIZES[request.param])


def test_skip_trigrams_ask_for_the_one_special_token():
    task = SEQUENCE_TASKS["skip-trigrams"].build(SIZES["skip-trigrams"])
    batch = batch_at(task, 0, 0, 300)
    seen = set()
    for tokens, places, answers in zip(batch.tokens, batch.places, batch.answers, strict=True):
        assert (tokens[0], tokens[-1], places.tolist()) == (0, 1, [8])
        special = [int(t) for t in tokens[1:-1] if t >= 12]
        assert [t - 12 for t in special] == answers.tolist()
        assert all(2 <= t < 12 for t in tokens[1:-1] if t != special[0])
        seen.add((tokens.tolist().index(special[0]), int(answers[0])))
    assert len(seen) == 7 * 4  # every place and every token come up


def test_digits_are_sums_as_python_adds():
    task = SEQUENCE_TASKS["digits"].build(SIZES["digits"])
    batch = batch_at(task, 0, 0, 200)
    for tokens, places, answers in zip(batch.tokens, batch.places, batch.answers, strict=True):
        text = "".join("0123456789+="[t] for t in tokens)
        question, right = text.split("=")
        x, y = question.split("+")
        assert right == f"{int(x) + int(y):04}"
        assert [text[place + 1] for place in places] == [str(answer) for answer in answers]  # shifted by one
    assert [part.label for part in task.parts] == ["thousands", "hundreds", "tens", "units"]
    assert batch.parts.tolist()[0] == [0, 1, 2, 3]


def test_repeats_ask_only_for_what_stood_there_before():
    task = SEQUENCE_TASKS["repeats"].build(SIZES["repeats"])
    batch = batch_at(task, 0, 0, 200)
    starts = set()
    for tokens, places, answers, parts in zip(*map(np.ndarray.tolist, batch), strict=True):
        assert tokens[0] == 0
        assert min(tokens[1:]) >= 1
        assert parts == [0] * 5 + [1] * 5
        for copy, interval in ((places[:5], range(11, 21)), (places[5:], range(21, 31))):
            assert copy == list(range(copy[0], copy[0] + 5))
            assert copy[0] in interval
            assert copy[-1] + 1 in interval
            word = tokens[copy[0] : copy[0] + 6]
            first = [i for i in range(1, 6) if tokens[i : i + 6] == word]  # whole within the first interval
            assert first
            starts.add((first[0], copy[0]))
        assert answers == [tokens[place + 1] for place in places]
    assert {first for first, _ in starts} == {1, 2, 3, 4, 5}


def test_a_batch_depends_on_seed_and_step_alone(task):
    once, again = batch_at(task, 3, 7, 5), batch_at(task, 3, 7, 5)
    assert all(np.array_equal(x, y) for x, y in zip(once, again, strict=True))
    others = batch_at(task, 3, 8, 5), batch_at(task, 4, 7, 5), fixed_set(task, 3, 5), held_out(task, 3, 5)
    assert not any(np.array_equal(once.tokens, other.tokens) for other in others)


def test_whoever_guesses_is_on_the_plateau(task):
    uniform = np.full(task.guesses, 1 / task.guesses)
    assert task.plateau == pytest.approx(-np.log(uniform[0]))
    batch = batch_at(task, 0, 0, 50)
    assert batch.tokens.shape == (50, task.n_ctx)
    assert batch.tokens.max() < task.d_vocab
    assert batch.answers.shape == (50, task.n_answers)
    assert batch.answers.max() < task.d_vocab_out
    assert batch.parts.max() == len(task.parts) - 1
