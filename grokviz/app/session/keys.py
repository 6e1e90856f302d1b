"""Everything that a session keeps, with its type: the one module that knows the names.

A key is the name as Streamlit takes it, so that it is also the `key=` of a widget. What a widget holds goes when its
page is left; names that begin with "_" are no widget's, and stay.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import streamlit as st

if TYPE_CHECKING:
    from grokviz.app.compare.place import Compared
    from grokviz.app.session.address import Place
    from grokviz.app.train.pace import Looks

T = TypeVar("T")
D = TypeVar("D")


class Key(str, Generic[T]):
    """The name of something in the session, and its type."""

    __slots__ = ()

    def value(self) -> T:
        """What is there. Raises `KeyError` when nothing is."""
        return st.session_state[str(self)]

    def get(self, default: D) -> "T | D":
        """What is there, or the default."""
        return st.session_state.get(str(self), default)

    def first(self, make: Callable[[], T]) -> T:
        """What is there; the first time it is made."""
        if not self.is_set():
            self.set(make())
        return self.value()

    def set(self, value: T) -> None:
        """Keep a value."""
        st.session_state[str(self)] = value

    def is_set(self) -> bool:
        """Whether anything is there."""
        return str(self) in st.session_state

    def forget(self) -> None:
        """Keep nothing any more."""
        st.session_state.pop(str(self), None)


# The frame
READY: Key[bool] = Key("_shell_ready")  # the menu stands
PAGE: Key[str] = Key("_page")  # the name of the page in view
SECRET: Key[str] = Key("_visitor_secret")
ASKED_FOR_A_FILE: Key[bool] = Key("_asked_for_a_file")  # by the run of the page that is going on
PLACE: "Key[Place]" = Key("_place")  # the run, the step and the panels in view
EXTRAS: Key[dict[str, str]] = Key("_extras")  # what some pages keep in the address besides
BROUGHT: Key[dict[str, int]] = Key(
    "_brought"
)  # of a place of a page: how often it was to be brought into view

# Explorer
IS_PLAIN: Key[bool] = Key("_is_plain")
PLAIN: Key[bool] = Key("plain_controls")
STEP: Key[int] = Key("plain_step")
RUN: Key[str | None] = Key("run_in_view")
TOUR: Key[str | None] = Key("tour")
TOUR_AT: Key[str | None] = Key("_tour_at")  # the stop that was chosen last

CHOSE: Key[bool] = Key("_chose")  # something else than the film prefers was drawn in this session
CHOOSING: Key[bool] = Key("choosing")

# Two runs
COMPARED: "Key[Compared]" = Key("_compared")  # which runs are beside each other, and where their hand is

# Measures
DEEPENING_WAS: Key[tuple[str, str]] = Key(
    "_deepening_was"
)  # a run, and where its measuring stood when it was drawn last

# Circuit
WORST_PAIR: Key[int] = Key("_worst_pair")  # how many wrong pairs were shown
CUT_HISTORY: Key[list[str | None]] = Key("_cut_history")
EXPERIMENTS_AT: Key[tuple[str, int]] = Key("_experiments_at")  # the run and step whose experiments are shown
EXPERIMENT: Key[int | None] = Key("cut_experiment")  # the number of the one that was chosen
CUT_NOISE: Key[int] = Key("cut_noise")
NEURON: Key[int] = Key("group_neuron")
ACCOUNTS_AT: Key[tuple[str, int]] = Key("_accounts_at")  # the run and step at which both accounts are tried
CUT_WAVES: Key[list[int]] = Key("cut_waves_out")
CUT_CONTROL: Key[bool] = Key("cut_control")
CUT_ELSEWHERE: Key[bool] = Key("_cut_elsewhere")  # the controls that a newcomer does not need are open
WANTS_CONTROL: Key[bool] = Key("_wants_control")  # cuts at random beside that of the visitor
BUILD_FREQS: Key[list[int]] = Key("build_freqs")


def number(page: str, name: str) -> Key[int]:
    """The slider of a or b on a page."""
    return Key(f"{page}_{name}")


def cut(name: str) -> Key:
    """The widget of a part of a network that can be cut: frequencies, heads, or yes and no."""
    return Key(f"cut_{name}")


def cut_mode(name: str) -> Key[str | None]:
    """Whether what is chosen there is removed, or all else."""
    return Key(f"cut_{name}_mode")


def compare_slot(slot: int) -> Key[str | None]:
    """The list for one of the runs that are beside each other."""
    return Key(f"compare_{slot}")


def amplitude(freq: int) -> Key[float]:
    """The slider of a wave that is built."""
    return Key(f"build_{freq}")


# Map
MAP: Key[str] = Key("map_shown")  # the map that is looked at
SWEEPING_WAS: Key[str] = Key("_sweeping_was")  # where the map of one's own stood when it was drawn last
OWN_MAP: Key[str] = Key("own_map")  # what shall vary in it
OWN_MAP_MODULUS: Key[int] = Key("own_map_modulus")
OWN_MAP_CHOSEN: Key[bool] = Key("own_map_chosen")  # whether something was just chosen in it

# Ungrokking
KEPT: Key[float] = Key("ungrok_kept")  # the share of pairs on the slider

# Train
MY_RUN: Key[str] = Key("my_run")  # the id of the run of mine that is in view
MY_RUN_CHOICE: Key[str | None] = Key("my_run_choice")
STATE_WAS: Key[tuple[Path, str]] = Key("_state_was")  # a run, and where it stood when it was drawn last
PACE: "Key[dict[str, Looks]]" = Key("_pace")  # the last looks at each run
FOLD: Key[bool] = Key("_fold_form")  # it is to be folded when it is drawn next
FORM_OPEN: Key[bool] = Key("train_form_open")  # the form, which folds away while a run is in view
FORM_LINK: Key[bool] = Key("_form_link")  # what the address says of the form was heard
SAID: Key[str] = Key("_said")  # what a press has come to, to be said when the page is drawn next
TRASH: Key[Path] = Key("_trash")  # the run that was deleted last
UPLOADED: Key[str] = Key("_uploaded")  # the file that was taken in last
PRESET: Key[str | None] = Key("train_preset")
PRESET_WAS: Key[str] = Key("_train_preset_was")  # the one that the form was filled with last
FORM_WAS: Key[dict[str, object]] = Key("_train_form_was")  # what it said when it was drawn last
OWN_MODULUS: Key[int] = Key("_train_own_modulus")  # the last one that was not a preset's


def setting(name: str) -> Key:
    """A setting on the form, by its name."""
    return Key(f"train_{name}")


def chosen_numbers(kind: str, run: str) -> Key[list[int]]:
    """The list of frequencies, heads or neurons of a run."""
    return Key(f"{kind}-{run}")


def order_of(kind: str) -> Key[str | None]:
    """The order of that list."""
    return Key(f"order-of-{kind}")


def popover(name: str, run: str) -> Key[bool]:
    """Whether a popover of a run is open."""
    return Key(f"{name}-open-{run}")


# It happens elsewhere
ELSEWHERE_STEP: Key[int] = Key("_elsewhere_step")  # where the step of its figures has come to rest
TRIGRAM: Key[str] = Key("elsewhere_trigram")  # the letters that are asked
SUM_X: Key[str] = Key("elsewhere_x")
SUM_Y: Key[str] = Key("elsewhere_y")
REPEATED: Key[str] = Key("elsewhere_text")
FEW_TASK: Key[str | None] = Key("elsewhere_task")


def few(what: str, task: str) -> Key[str]:
    """How many data of a task, or how much weight decay, are to be tried."""
    return Key(f"elsewhere_{what}_{task}")


# The race
RACE_TRICKS: Key[list[str]] = Key("race_tricks")
RACE_MODULUS: Key[int] = Key("race_modulus")
RACE_SEED: Key[int] = Key("race_seed")
RACE_WAS: Key[tuple[Path, str]] = Key("_race_was")  # the last race, and where it stood when it was drawn last


# Library
REFERENCE: Key[str] = Key("hub_reference")
FIND: Key[str] = Key("library_find")
ORDER: Key[str] = Key("library_order")
