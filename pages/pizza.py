"""Clock or pizza: two ways to add on a circle, and which of them a network has found."""

from grokviz.app import shell

MENU = {
    "title": "Clock or pizza?",
    "section": "Look inside",
    "place": 7,
    "icon": "local_pizza",
    "help": "Two ways to add on a circle, and which of them a network has found.",
}

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.explorer import page, pizza, ten_seeds  # noqa: E402

shell.article(
    "Clock or pizza?",
    "There is more than one way to add on a circle. Drag through the run, and see which of two it has found, and whether it "
    "stays with it.",
)
with shell.column():
    page.run_picker()
page.explorer(panels=("plane", "distances", "rings"), below=pizza.where_it_stands)

with shell.column():
    st.header("The clock multiplies", anchor=False)
    st.markdown(
        "Two hands, one for each number. A clock turns by the first angle and then by the second, which takes products of their "
        "waves: $\\cos w(a+b) = \\cos wa \\cos wb - \\sin wa \\sin wb$. Attention and neurons can multiply. The answer is as sure "
        "wherever the hands point."
    )
    st.header("The pizza adds", anchor=False)
    st.markdown(
        "Put the two numbers on the rim of a pizza and add their points up. The sum lies in the middle between them, at the angle "
        "$w(a+b)/2$: which slice it falls in tells the answer, and no product is needed. But where the two lie opposite, their sum is "
        "the centre, and there is no slice to fall in. So a pizza is sure of neighbours and blind for opposites: its logits carry a "
        "factor $|\\cos(w(a-b)/2)|$, and several circles have to help each other out."
    )
    st.header("How to tell them apart", anchor=False)
    st.markdown(
        "**Gradient symmetricity.** Push one number's embedding a little, then the other's: does an answer move in the same way? "
        "A network that first adds them up cannot tell the two apart, and has 1.\n\n"
        "**Distance irrelevance.** Among questions whose two numbers are equally far apart, how much does the logit of the right answer vary, "
        "as a part of how much it varies at all? A pizza has little, a clock nearly 1.\n\n"
        "Neither is a verdict. Networks lie all over the plane, and the paper draws no border. A network that only recites has an "
        "irrelevance of 1 as well, and one with random weights treats both numbers alike: so look at grey points as at no points."
    )
    ten_seeds.change_of_mind()
    st.header("Bake one", anchor=False)
    st.markdown(
        "A network whose attention gives every token the same weight can no longer multiply there. The *attention rate* on page "
        "Train says how much of the usual attention is left: at 1 all of it, at 0 none. The recipe *A pizza* has 0."
    )
    st.page_link("pages/train.py", label="Train at another attention rate", icon=":material/local_pizza:")
    st.caption(
        "[Zhong, Liu, Tegmark and Andreas 2023](https://arxiv.org/abs/2306.17844), *The Clock and the Pizza: Two Stories in Mechanistic "
        "Explanation of Neural Networks*, and its released code and runs. Their networks are shown $a$ and $b$ alone, and answer at $b$; "
        "most here answer at “=”."
    )

shell.foot(
    "Whichever of the two it is, it was found by training. Next, watch a network find one, on a clock that you choose.",
    "train",
    "library",
    controls=page.plain_controls,
)
