"""The course: eight steps that drive the film."""

from grokviz.app import shell

MENU = {
    "title": "A short course",
    "section": "Read",
    "place": 2,
    "icon": "school",
    "help": "Eight steps: look here, drag there, now predict.",
}

shell.guard()

from grokviz.app.lessons import course  # noqa: E402

shell.article(
    "A short course, in eight steps",
    "Each card leads to a view of one network. **Look** at what it names, **drag** as it says, and **predict** before you unfold the "
    "answer: a guess that was wrong is worth more than an answer that was read.",
)
course.cards()
shell.foot(
    "That is the whole course. If you would rather be told it by a film, the next page goes along with one; if you teach, there is a "
    "sheet with ten questions.",
    "film",
    "teacher",
    "timeline",
)
