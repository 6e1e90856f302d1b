"""Sentences made of a run."""

import dataclasses

from devtools.made_up_run import run_like
from grokviz.app import sentences
from grokviz.study import Study


def test_where_labels_are_wrong_it_is_said_which_each_loss_is_of():
    run, timeline, task, phases = run_like(p=13, n=5, keys=(2, 5))
    study = Study(run, task, timeline, phases)
    assert sentences.which_labels(study) == ""
    taught = dataclasses.replace(run, config=dataclasses.replace(run.config, wrong_labels=0.1))
    caption = sentences.loss_caption(Study(taught, task, timeline, phases))
    assert "train and excluded loss are of the labels that it is trained on" in caption
