"""The runs that GrokViz comes with: real, whole, and what the pages say of them."""

import os

import numpy as np
import pytest

from grokviz import study
from grokviz.circuit import cosets
from grokviz.models import sequence
from grokviz.models.forward import forward
from grokviz.models.transformer import initial_weights
from grokviz.runs import catalog, folder, library, write
from grokviz.study import sequences as on_sequences
from grokviz.tasks.named_groups import group_named
from grokviz.tasks.sequences import held_out

RUNS = list(catalog.read_catalog(library.BUNDLED))
MIB = 2**20


def size(path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


@pytest.fixture(scope="module", params=RUNS)
def run(request):
    return folder.open_run(library.BUNDLED / request.param)


@pytest.fixture(scope="module")
def paper():
    return folder.open_run(library.BUNDLED / "mod113-paper")


def test_the_catalogue_lists_what_is_there():
    cards = catalog.list_runs(library.BUNDLED)
    assert [card.id for card in cards] == RUNS
    assert len(RUNS) >= 3
    assert all(card.problem is None and card.sentence and card.finished for card in cards)


def test_they_fit():
    apart = size(library.sequences()), size(library.of_maps())
    assert size(library.BUNDLED) - sum(apart) < 50 * MIB
    assert apart[0] < 6 * MIB
    assert apart[1] < 4 * MIB
    for path in library.BUNDLED.rglob("*"):
        assert path.is_dir() or path.stat().st_size < 50e6, path.name
    for name in RUNS:
        assert len(os.listdir(library.BUNDLED / name)) <= 4 + write.MAX_SHARDS  # record, log, timeline, deep


def test_every_snapshot_is_intact_and_float16(run):
    for weights in (folder.read_stored(run, index) for index in range(len(run.steps))):
        assert {w.dtype for w in weights.values()} == {np.dtype(np.float16)}
        assert {name: w.shape for name, w in weights.items()} == run.config.shapes
    assert len(run.steps) == sum(run.shards)


def test_they_begin_with_the_initial_weights_of_their_config(run):
    assert run.steps[0] == 0
    stored = folder.read_stored(run, 0)
    for name, w in initial_weights(run.config.model, run.config.seed).items():
        np.testing.assert_array_equal(stored[name], w.astype(np.float16))


def test_stored_weights_reproduce_the_logged_losses_within_1_percent(run):
    timeline, log = study.load(run).timeline, run.log.set_index("step")
    for name in ("train_loss", "test_loss"):
        logged = log.loc[timeline.steps, name].to_numpy()
        stored = timeline[name]
        large = logged > 1e-6
        assert large.any()
        np.testing.assert_allclose(stored[large], logged[large], rtol=0.01, err_msg=name)


def test_their_timeline_is_cached_and_of_this_version(run):
    assert study.cache.read(run, study.build_task(run.config)) is not None


def test_the_paper_run_is_the_papers_recipe(paper):
    c = paper.config
    assert (c.p, c.operation, c.frac_train, c.split, c.weight_decay, c.lr) == (
        113,
        "add",
        0.3,
        "paper",
        1.0,
        1e-3,
    )
    assert (c.d_model, c.n_heads, c.d_mlp, c.steps) == (128, 4, 512, 40_000)
    assert paper.steps[-1] == 40_000


def test_the_paper_run_shows_what_the_paper_found(paper):
    log, last = paper.log, len(paper.steps) - 1
    assert 20 < log["test_loss"].max() < 36
    assert log["test_loss"].iloc[-1] < 1e-6
    m = study.measure_exactly(paper, last)
    assert m["test_loss"] < 1e-6
    assert 3 <= len(m["key_freqs"]) <= 6
    assert m["frac_neurons_fve_over_0.85"] >= 0.5
    assert m["logit_fve"] >= 0.9
    assert m["restricted_loss_all"] < m["all_loss"]
    assert m["excluded_loss_train"] > 4.73
    phases = study.phases_of(paper)
    assert None not in phases
    assert (
        0
        < phases.memorised_at
        < phases.circuit_from
        < phases.cleanup_from
        < phases.grokked_at
        < phases.cleanup_to
    )
    assert phases.grokked_at > 20 * phases.memorised_at


def test_the_control_memorises_and_no_more():
    run = folder.open_run(library.BUNDLED / "mod59-no-decay")
    phases = study.phases_of(run)
    assert phases.memorised
    assert phases.circuit is phases.cleanup is phases.grokked is None
    assert study.load(run).timeline.key_freqs == ()
    quick = folder.open_run(library.BUNDLED / "mod59-quick")
    same = ("p", "operation", "frac_train", "split", "seed", "d_model", "n_heads", "d_mlp", "lr")
    assert all(getattr(run.config, name) == getattr(quick.config, name) for name in same)
    assert study.phases_of(quick).grokked


@pytest.mark.slow
def test_the_shuffles_are_understood_by_two_blocks_and_their_neurons_tell_cosets_apart():
    """What the page of groups says of them."""
    run = folder.open_run(library.BUNDLED / "s5-shuffles")
    assert (run.config.group, run.config.p, run.config.frac_train) == ("S_5", 120, 0.5)
    assert size(run.path) < 8 * MIB
    phases = study.phases_of(run)
    assert (phases.memorised_at, phases.grokked_at) == (680, 2_600)  # as the catalogue says
    m = study.measure_exactly(run, len(run.steps) - 1)
    assert m["key_blocks"] == ["(4,1)", "(1,1,1,1,1)"]
    assert m["logit_fve"] >= 0.8
    assert m["restricted_loss_all"] < m["all_loss"]
    assert m["excluded_loss_train"] > np.log(120)

    group, known = group_named("S_5"), cosets.all_cosets(group_named("S_5"))
    pre = forward(folder.read_weights(run, len(run.steps) - 1)).pre
    parts = cosets.sides(pre)
    assert parts.additive.min() > 0.99  # attention hardly mixes a and b any more
    found = cosets.counts(cosets.fit(parts, known), parts.live, known)
    assert found[group.n // 5] > 0.75 * parts.live.sum()


# Runs on sequences

SEQUENCES = ("skip-trigrams", "skip-trigrams-toy", "skip-trigrams-few", "digits", "repeats")


def on_sequence(name: str) -> folder.SequenceRun:
    return folder.open_sequences(library.sequences() / name)


def first_below(run: folder.SequenceRun, column: str, level: float) -> int:
    return int(run.logged["step"][run.logged[column] < level][0])


@pytest.mark.parametrize("name", SEQUENCES)
def test_runs_on_sequences_are_whole_and_their_weights_have_the_logged_losses(name):
    run = on_sequence(name)
    assert run.finished
    assert sorted(os.listdir(run.path)) == ["log.jsonl", "run.json", "snapshots-0.safetensors"]
    test = held_out(run.config.question, run.config.seed, run.config.n_test)
    for i in (0, len(run.steps) // 2, len(run.steps) - 1):
        logits = sequence.run(run.config.model, folder.read_weights(run, i), test.tokens).logits
        at = np.take_along_axis(logits, test.places[..., None], 1)
        logged = run.logged["test_loss"][run.logged["step"] == run.steps[i]]
        assert sequence.losses(at, test.answers).mean() == pytest.approx(logged[0], rel=0.02, abs=1e-4)


@pytest.mark.parametrize("name", ["skip-trigrams", "skip-trigrams-toy"])
def test_skip_trigrams_fall_off_their_cliff(name):
    run = on_sequence(name)
    assert 150 <= first_below(run, "test_loss", 0.5) <= 350
    assert first_below(run, "test_loss", 0.01) <= 700


def test_few_sequences_have_no_tower_and_only_a_late_end():
    run, endless = on_sequence("skip-trigrams-few"), on_sequence("skip-trigrams")
    assert run.config.n_train == 100
    assert run.logged["test_loss"].max() < 1.1 * run.config.question.plateau
    assert first_below(run, "train_loss", 0.01) < 400
    assert first_below(run, "test_loss", 0.1) > 5 * first_below(endless, "test_loss", 0.1)


def test_every_digit_has_a_plateau_and_a_cliff():
    run = on_sequence("digits")
    for column in run.config.columns:
        assert first_below(run, column, 0.5) <= 2_500
    before = (run.logged["step"] >= 200) & (run.logged["step"] <= 500)
    assert run.logged["loss_3"][before].mean() == pytest.approx(np.log(10), abs=0.1)
    cliffs = on_sequences.cliffs(run)
    ends = [fall.ends for column in run.config.columns if (fall := cliffs[column])]
    assert len(ends) == len(run.config.columns) == 6
    assert len(set(ends)) >= 5  # a staircase


def test_two_heads_form_while_repeats_fall():
    run = on_sequence("repeats")
    assert first_below(run, "test_loss", 1.0) - first_below(run, "test_loss", 4.0) <= 400
    before, after = on_sequences.scores(run)
    begins, ends = (np.searchsorted(run.steps, first_below(run, "test_loss", loss)) for loss in (4.0, 1.0))
    assert after.values[begins - 2].max() < 0.1
    assert after.values[ends].max() > 0.7
    assert after.values[-1].max() > 0.7
    assert before.values[0].max() < 0.1  # and the heads of the first layer look back more and more
    assert before.values[-1].max() > 3 * before.values[0].max()
