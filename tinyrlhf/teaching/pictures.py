"""How are the pictures of lessons and demos drawn, shown and kept?"""
import hashlib
import json
import os
from pathlib import Path
from textwrap import fill

import numpy as np

from tinyrlhf.plots import STYLE, save
from tinyrlhf.teaching.places import lessons_folder

LECTURE = [*STYLE, {"font.size": 18, "axes.titlesize": 18,  # for the back row
                    "figure.titlesize": 22, "figure.titleweight": "bold",
                    "figure.figsize": (12, 7), "figure.constrained_layout.use": True,
                    "figure.constrained_layout.h_pad": 0.12}]


def show(figure, name, claim):
    """Give a figure its claim as title, and show it: in a window or notebook, else as a file.

    The page builder keeps it in img/.
    """
    import matplotlib.pyplot as plt
    figure.suptitle(fill(claim, 70))
    if folder := os.environ.get("TINYRLHF_PICTURES"):
        keep(figure, Path(folder) / f"{name}.png")
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


def keep(figure, path):
    """Write a picture, unless the data drawn in it are those of the file that is there."""
    prints = path.parent / "fingerprints.json"
    known = json.loads(prints.read_text(encoding="utf-8")) if prints.exists() else {}
    mark = fingerprint(figure)
    if known.get(path.name) != mark or not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save(figure, path)
        text = json.dumps({**known, path.name: mark}, indent=1, sort_keys=True) + "\n"
        prints.write_text(text, encoding="utf-8")


def fingerprint(figure):
    """A hash of what is drawn: words, points, colours, limits.

    Numbers are rounded to three digits of the largest in their table; those along x and along y,
    which may have other units, each on their own.
    """
    words, tables = [text.get_text() for text in figure.texts], [figure.get_size_inches()]
    for axis in figure.axes:
        texts = [*axis.texts, axis.title, axis.xaxis.label, axis.yaxis.label]
        words += [text.get_text() for text in texts]
        tables += [axis.get_xlim(), axis.get_ylim()]
        for line in axis.lines:
            tables += [*np.asarray(line.get_xydata(), float).T]
            words.append(str(line.get_color()))
        for patch in axis.patches:
            corners = patch.get_patch_transform().transform(patch.get_path().vertices)
            tables += [*corners.T, patch.get_facecolor()]
        for group in axis.collections:
            tables += [*np.ma.filled(group.get_offsets(), np.nan).T, group.get_facecolor()]
            tables += [column for path in group.get_paths() for column in path.vertices.T]
        tables += [image.get_array() for image in axis.images]
    for table in tables:
        table = np.asarray(table, float)
        scale = np.abs(table[np.isfinite(table)]).max(initial=1e-12)
        words.append(str((np.round(table / scale, 3) + 0.0).tolist()))
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]
