from pathlib import Path

rows = [("QF1", 101.2, 0.03), ("QD1", 99.1, 0.02), ("SX_2", 55.0, 0.11)]


def escape(text):
    return text.replace("_", r"\_").replace("%", r"\%")


lines = [
    r"\documentclass{article}",
    r"\begin{document}",
    r"\begin{tabular}{lrr}",
    r"magnet & current [A] & ripple [\%] \\ \hline",
]
lines += [f"{escape(n)} & {i:.1f} & {r:.2f} \\\\" for n, i, r in rows]
lines += [r"\end{tabular}", r"\end{document}"]
Path("ripple.tex").write_text("\n".join(lines))
print(len(lines), "lines")
