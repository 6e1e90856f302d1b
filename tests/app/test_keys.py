"""What a session keeps has its name in one module, and a type."""

import re
import typing

import pytest

from devtools import ROOT
from grokviz.app.session import keys
from grokviz.app.session.keys import Key

NAMES = {name: found for name, found in vars(keys).items() if isinstance(found, Key)}
OTHERS = [
    p for p in [*(ROOT / "grokviz/app").rglob("*.py"), *(ROOT / "pages").glob("*.py")] if p.name != "keys.py"
]


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_module_writes_a_key_of_the_session(path):
    text = path.read_text()
    assert "session_state" not in text
    written = [f'"{key}"' for key in NAMES.values() if re.search(rf'key=f?"{re.escape(key)}"', text)]
    assert not written


def test_every_key_has_a_type_and_a_name_of_its_own():
    assert len(set(NAMES.values())) == len(NAMES) >= 20
    assert keys.__annotations__.keys() >= NAMES.keys()
    assert typing.get_type_hints(keys.Key.value)
    families = {
        keys.cut("x"),
        keys.cut_mode("x"),
        keys.amplitude(3),
        keys.setting("p"),
        keys.number("follow", "a"),
    }
    assert len(families | set(NAMES.values())) == len(families) + len(NAMES)


def test_a_key_keeps_gives_and_forgets(monkeypatch):
    session = {}
    monkeypatch.setattr(keys.st, "session_state", session)
    key: Key[list] = Key("things")
    assert key.get(7) == 7
    assert not key.is_set()
    with pytest.raises(KeyError):
        key.value()
    assert key.first(list) is key.first(list) == []
    key.value().append(1)
    assert session == {"things": [1]}
    key.set([2])
    assert key.get(7) == [2]
    key.forget()
    key.forget()
    assert session == {}
