"""The hook under which all tests run: what breaks an annotation is heard of."""

import importlib

import numpy as np
import pytest
from beartype.roar import BeartypeCallHintViolation

from devtools import shapes

MODULE = """
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


def product(a: Float[np.ndarray, "n k"], b: Float[np.ndarray, "k m"]) -> Float[np.ndarray, "n m"]:
    return a @ b


def turned(a: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "m n"]:
    return a


def rows(a: Float[np.ndarray, "n m"]) -> Iterator[Float[np.ndarray, " m"]]:
    yield from a


def half(number: float) -> int:
    return number // 2


@dataclass
class Table:
    cells: Float[np.ndarray, "n n"]

    def row(self, index: int) -> Float[np.ndarray, " n"]:
        return self.cells[index]

    @property
    def length(self) -> int:
        return len(self.cells)

    @classmethod
    def of(cls, size: int) -> "Table":
        return cls(np.zeros((size, size)))
"""


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    folder = tmp_path_factory.mktemp("module")
    (folder / "held_module.py").write_text(MODULE, "utf-8")
    with pytest.MonkeyPatch.context() as patch, shapes.hold(["held_module"]):
        patch.syspath_prepend(folder)
        yield importlib.import_module("held_module")


def test_what_keeps_to_its_annotations_is_as_without(held):
    assert held.product(np.ones((2, 3)), np.ones((3, 4))).shape == (2, 4)
    assert held.product(np.ones((5, 1)), np.ones((1, 1))).shape == (5, 1)  # axes of one call bind no other
    assert held.turned(np.ones((2, 2))).shape == (2, 2)
    assert len(list(held.rows(np.ones((2, 3))))) == 2
    assert held.half(4) == 2  # a whole number is a number
    table = held.Table.of(3)
    assert table.length == len(table.row(0)) == 3


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda held: held.product(np.ones(2), np.ones((2, 2))), id="axes too few"),
        pytest.param(lambda held: held.product(np.ones((2, 3)), np.ones((4, 2))), id="axes of two lengths"),
        pytest.param(lambda held: held.product(np.ones((2, 3), int), np.ones((3, 2))), id="kind of number"),
        pytest.param(lambda held: held.turned(np.ones((2, 3))), id="what is returned"),
        pytest.param(lambda held: held.half("4"), id="an argument without arrays"),
        pytest.param(lambda held: held.half(4.0), id="what is returned without arrays"),
        pytest.param(lambda held: held.Table.of(2).row(1.5), id="a method"),
        pytest.param(lambda held: held.Table.of("2"), id="a method of the class"),
    ],
)
def test_what_breaks_them_is_an_error(held, call):
    with pytest.raises(BeartypeCallHintViolation):
        call(held)


def test_a_dataclass_with_a_wrong_field_is_an_error(held):
    with pytest.raises(Exception, match="Type-check error whilst checking the parameters of held_module"):
        held.Table(np.ones((2, 3)))


def test_what_is_imported_already_cannot_be_held(held):
    with pytest.raises(
        RuntimeError, match=r"Imported before they could be held to their annotations: held_module\."
    ):
        shapes.hold(["held_module"])
