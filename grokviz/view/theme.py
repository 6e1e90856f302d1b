"""The colours of the app's theme as style sheet variables, for pages that Streamlit does not draw.

They are read from the app's own settings, so that they are declared once.
"""

import functools
import re
import tomllib

from grokviz.installation import HOME

CONFIG = HOME / ".streamlit" / "config.toml"


@functools.cache
def variables(scope: str = ":root") -> str:
    """`--st-background-color` and its like for what is in `scope`: light, dark where the system is, and either where
    its `data-theme` says so."""
    theme = tomllib.loads(CONFIG.read_text("utf-8"))["theme"]
    light, dark = (_declared(theme[mode]) for mode in ("light", "dark"))
    return (
        f"{scope} {{ color-scheme: light; {light} }}\n"
        f'@media (prefers-color-scheme: dark) {{ {scope}:not([data-theme="light"]) {{ color-scheme: dark; {dark} }} }}\n'
        f'{scope}[data-theme="dark"] {{ color-scheme: dark; {dark} }}\n'
    )


def _declared(colours: dict[str, object]) -> str:
    """backgroundColor = "#fff" as --st-background-color: #fff;, as Streamlit names them."""
    one_each = {name: value for name, value in colours.items() if isinstance(value, str)}
    return " ".join(f"--st-{_kebab(name)}: {value};" for name, value in one_each.items())


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
