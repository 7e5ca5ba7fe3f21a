"""How are the pictures of lessons and demos drawn, shown and kept?"""
import os
from pathlib import Path
from textwrap import fill

from tinyrlhf.plots import STYLE, save
from tinyrlhf.teaching.places import lessons_folder

LECTURE = [*STYLE, {"font.size": 18, "axes.titlesize": 18,  # for the back row
                    "figure.titlesize": 22, "figure.titleweight": "bold",
                    "figure.figsize": (12, 7), "figure.constrained_layout.use": True,
                    "figure.constrained_layout.h_pad": 0.12}]


def show(figure, name, claim):
    """Give a figure its claim as title, and show it: in a window or notebook, else as a file.

    For the page it is kept in img/.
    """
    import matplotlib.pyplot as plt
    figure.suptitle(fill(claim, 70))
    if folder := os.environ.get("TINYRLHF_PICTURES"):
        save(figure, Path(folder) / f"{name}.png")
        print(f"![{claim}](img/{name}.png)")
    elif has_window():
        if "inline" not in plt.get_backend().lower():
            print(f"picture: {claim} (close its window to go on)", flush=True)
        plt.show()
    else:
        folder = lessons_folder() / "work"
        folder.mkdir(exist_ok=True)
        save(figure, folder / f"{name}.png")
        print(f"picture: {os.path.relpath(folder / name)}.png")
    plt.close(figure)


def has_window():
    """Can matplotlib show figures here, in a window or a notebook?"""
    import matplotlib.pyplot as plt
    return plt.get_backend().lower() not in ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")
