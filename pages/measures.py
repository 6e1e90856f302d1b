"""The measures: understanding before it shows."""

from grokviz.app import shell

MENU = {
    "title": "Measures of progress",
    "section": "Look inside",
    "place": 2,
    "icon": "query_stats",
    "help": "How to see understanding before it shows.",
}

shell.guard()

from grokviz.app.explorer import deeper, measures, page  # noqa: E402

shell.article(
    "How to see understanding before it shows",
    "For thousands of steps the [test loss](glossary#loss) hardly moves. Whoever knows the "
    "[circuit](glossary#circuit), the few waves that the finished network computes with, can ask better questions. Each of these "
    "[progress measures](glossary#progress-measure) puts one such question to every [snapshot](glossary#snapshot), the stored "
    "weights of one step.",
)
with shell.column():
    page.run_picker()
page.explorer(panels=(), below=measures.gauges, layout="strip")
deeper.ask()
shell.foot(
    "These measures know what to look for: a few waves. Next, see the waves themselves, in the weights of the network.",
    "circuit",
    "glossary",
    controls=page.plain_controls,
)
