"""The measures: understanding before it shows."""

from grokviz.app import shell

shell.guard()

from grokviz.app.explorer import measures, page  # noqa: E402

shell.article(
    "How to see understanding before it shows",
    "For thousands of steps the test loss hardly moves. Whoever knows the circuit (the few waves that the finished "
    "network computes with; see the page Circuit) can ask better questions. Each of these **progress measures** puts one such question to every snapshot (the stored weights of one step). *L* are the "
    "logits, one number for each possible answer, over all pairs; *K* the key frequencies, those of the waves it uses; and $C_k$, $S_k$ the waves $\\cos(w_k(a+b))$ and $\\sin(w_k(a+b))$, "
    "scaled to unit length.",
)
with shell.column():
    page.run_picker()
page.explorer(panels=(), below=measures.gauges, layout="strip")
shell.foot()
