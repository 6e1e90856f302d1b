"""What a file says of its training."""

import pytest

from grokviz.importers.training import share_of_settings, training_of


@pytest.mark.parametrize("name", ["label_noise", "wrong_labels", "frac_corrupted"])
def test_a_share_of_wrong_labels_is_told_and_not_guessed_at(name):
    found = training_of({name: 0.1, "lr": 1e-3})
    (note,) = found.notes
    assert "a share of 0.1 of its labels is wrong, and not which" in note
    assert "wrong_labels" not in found.values
    assert training_of({name: 0.0}).notes == training_of({name: "some"}).notes == []


def test_the_share_that_was_trained_on_is_the_first_that_can_be_one():
    assert share_of_settings({"frac_train": 7, "train_frac": 0.4}) == 0.4
    assert share_of_settings({"frac": "half"}) is None
