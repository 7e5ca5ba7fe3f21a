"""The cells of a lesson, the path through all of them, and the gallery of their pictures."""
import re

from tinyrlhf.teaching.places import lesson_folders, lessons_folder

GALLERY = "<!-- the gallery: made by `tinyrlhf lesson build` -->"


def cells(folder):
    """The cells of lesson.py in percent format: (kind, text).

    kind: markdown, code, predict (shown as a question) or drawing (code that the page folds away).
    """
    source = (folder / "lesson.py").read_text(encoding="utf-8")
    parts = re.split(r"^# %%(.*)\n", source, flags=re.MULTILINE)[1:]
    found = []
    for mark, text in zip(parts[::2], parts[1::2]):
        if "markdown" in mark:
            found.append(("markdown", re.sub(r"^# ?", "", text.strip(), flags=re.MULTILINE)))
        else:
            found.append((mark.strip(" []") or "code", text.strip()))
    return found


def path_table():
    """The path through all lessons, from lessons/README.md: lines of number, name and minutes."""
    text = (lessons_folder() / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| \[?(.*?)(?:\].*?)? \| (\d+) \| (.*?) \|$", text, re.MULTILINE)
    there = {int(folder.name[:2]) for folder in lesson_folders()}
    return [f"{number:>2}  {name:<50} {minutes:>3} minutes   "
            f"{state if int(number) in there else 'not in this copy'}"
            for number, name, minutes, state in rows]


def gallery(folders=None):
    """The pictures of all (or these) lessons for lessons/README.md, two in a row, with claims."""
    minutes = {line[:2].replace(" ", "0"): re.search(r"(\d+) minutes", line)[1]
               for line in path_table()}
    found = []
    for folder in folders or lesson_folders():
        text = (folder / "README.md").read_text(encoding="utf-8")
        claim, picture = re.search(r"^!\[(.*?)\]\((.*?)\)", text, re.MULTILINE).groups()
        title = re.match(r"# (.*)", text)[1]
        page = f"{folder.name}/README.md"
        found.append(f"[![{claim}]({folder.name}/{picture})]({page})<br>{claim}.<br>"
                     f"**[{title}]({page})**, {minutes[folder.name[:2]]} minutes")
    rows = [f"| {' | '.join([*found[i:i + 2], ''][:2])} |" for i in range(0, len(found), 2)]
    return "\n".join(["| | |", "|---|---|", *rows])


def with_gallery(text, folders=None):
    """The text of lessons/README.md with the gallery as it is now, between its two marks."""
    before, _, after = text.split(GALLERY)
    return f"{before}{GALLERY}\n{gallery(folders)}\n{GALLERY}{after}"
