"""How does each kind of feedback look on a page? What is shown, and which keys say what."""
from tinyrlhf.faces.browser.drawing import clip_of
from tinyrlhf.faces.vote import ENTRIES, QUICK, SLOWER
from tinyrlhf.feedback.answers import CANT_TELL, GRADES, KINDS, PARTS, SAME, SKIP

SIDES = "left", "right"
ARROWS = {"left": "ArrowLeft", "right": "ArrowRight", "up": "ArrowUp", "down": "ArrowDown"}
TITLES = {"stop": "After which part would you have stopped it?"}  # others: as at a terminal
IN_PARTS = "stop", "credit"
STEER = "with the keys %s; the first key begins, Enter keeps what you did"


def option(key, label, say=None, **more):
    return {"key": key, "label": label, "say": say, **more}


def choices(kind, order, remarks):
    """What can be pressed; order: which option each clip is, from left to right."""
    numbers = [str(1 + i) for i in range(len(order))]
    both = [option(ARROWS[side], side, [said], side=side) for side, said in zip(SIDES, order)]
    if kind == "preference":
        return [both[0], option("ArrowUp", "the same", [SAME]), both[1],
                option("n", "not sure", toggle=True, minor=True)]
    if kind == "ranking":
        return [option(n, "", None, add=said) for n, said in zip(numbers, order)]
    if kind == "rating":
        words = ["poor", *[""] * (GRADES - 2), "great"]
        return [option(str(1 + grade), words[grade], [grade]) for grade in range(GRADES)]
    if kind == "thumb":
        return [option("-", "not good", [0]), option("+", "good", [1])]
    if kind == "stop":
        words = [f"after part {1 + part}" for part in range(PARTS - 1)] + ["let it go on"]
        return [option(str(1 + part), words[part], [part]) for part in range(PARTS)]
    if kind == "comment":
        return [option(str(1 + i), remark, [1 + i]) for i, remark in enumerate(remarks)] + [
            option("0", "nothing", [0])]
    if kind == "credit":
        for each, said in zip(both, order):
            each.update(say=None, add=said, more=parts_of(said, order),
                        then="Which part decided it?")
        return both
    return [option("Enter", "keep it", do="keep")]


def parts_of(preferred, order):
    """A key for each part of both clips; those of the preferred one are numbered first."""
    keys = []
    for side, said in zip(SIDES, order):
        for part in range(PARTS):
            number = part + PARTS * (said != preferred)
            key = str(1 + part + PARTS * (side == "right"))
            keys.append(option(key, f"{side} {1 + part}", add=number, side=side))
    return [*keys, option("Enter", "no single part", add=CANT_TELL, minor=True)]


def screen_of(session, ballot, drawn):
    """A ballot as a page needs it: title, lead, question and options; drawn: {row: its clip}."""
    kind, game, episodes = session.kind(ballot), session.game, session.questions.episodes
    rows, order = session.screens(ballot)
    acts = KINDS[kind].needs == "expert"
    mends = acts and not KINDS[kind].drawn
    typed = acts and hasattr(game, "decode")
    for row in rows:
        if row not in drawn:  # a room sees the same ones again and again
            drawn[row] = clip_of(game, episodes, row)
    clips = [dict(drawn[row]) for row in rows]
    if len(clips) == 2 and not acts:
        for clip, side in zip(clips, SIDES):
            clip.update(name=side, side=side)
    question = {"id": ballot.id, "clips": clips, "parts": kind in IN_PARTS,
                "wanted": 2 if kind == "credit" else len(order)}
    options = choices(kind, order, session.remarks)
    lead = ""
    if typed:
        question["start"] = clips[0]["words"] if mends else ""
        lead = "write it as it should be, and press Enter"
        options = [option(None, "it may stay as it is", [0])] if mends else []
    elif acts:
        keys = {ARROWS.get(key, key): key for key in game.keys}
        live = game.seconds_per_step < QUICK  # then it goes on by itself, else a key is a step
        question.update(steer=keys, anew=not mends,
                        live=round(1000 * SLOWER * game.seconds_per_step) if live else 0)
        lead = STEER % ", ".join(game.keys)
        if mends:
            lead = "pause with the space key where you take over, then steer " + lead
            options.append(option("n", "it may stay", [0], minor=True))
    if hasattr(game, "ask"):
        options.append(option("t", "type another prompt", do="prompt", minor=True))
    skip = option("x" if acts else "s", "skip", [SKIP], minor=True)
    down = "ArrowDown" if kind == "preference" else "c"
    cant_tell = option(down, "can't tell", [CANT_TELL], minor=True)
    undo = option("Backspace", "undo", do="undo", minor=True)
    return {"title": TITLES.get(kind, ENTRIES[kind].question), "lead": lead, "question": question,
            "options": [*options, cant_tell, skip, undo]}


def words_for(said, options):
    """What was said first, as the options call it."""
    chosen = next(each for each in options if each["say"] == said or each.get("add") == said[0])
    return (chosen["label"] or chosen["key"]) + (" ..." if len(said) > 1 else "")
