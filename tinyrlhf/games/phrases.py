"""What do the two toy languages talk about? Every phrase of them, written for this project.

An answer is [opener] body [ramble] [closer]. In the dialogue a body is a fact about the topic, in
the sentiment language a praising remark about it; `unkind` openers and closers are what the person
does not want to hear.
"""
from typing import NamedTuple


class Phrases(NamedTuple):
    """One language: questions {prompt: topic}, right bodies {topic: phrases}, phrases around."""
    prompts: dict
    bodies: dict
    dodges: tuple                 # bodies that say nothing
    wrong: dict                   # {topic: bodies that are about the topic and not right}
    kind_openers: tuple
    unkind_openers: tuple
    rambles: tuple
    kind_closers: tuple
    unkind_closers: tuple
    stories: tuple  # one of each makes a line: who, did what, where, how


FACTS = {"a cat": ("a cat is a small soft pet.", "cats like to sleep all day."),
         "a dog": ("a dog is a very good friend.", "dogs like to run and play."),
         "a ship": ("a ship sails across the sea.", "ships carry people and food."),
         "a book": ("a book has a lot of pages.", "books tell us many stories."),
         "rain": ("rain is water from the clouds.", "rain helps all plants grow."),
         "snow": ("snow is cold and very white.", "snow falls in the winter."),
         "tea": ("tea is a hot and nice drink.", "tea is made from dry leaves."),
         "a star": ("a star shines in the night.", "stars are very far away.")}
DIALOGUE = Phrases(
    prompts={form.format(topic): topic
             for topic in FACTS for form in ("what is {}?", "explain {}.")},
    bodies=FACTS, dodges=("i have no idea.", "i do not know that."), wrong={},
    kind_openers=("sure! ", "good question! "), unkind_openers=("ugh. ", "who cares? "),
    rambles=(" and so on.",),
    kind_closers=(" thank you!", " hope it helps!"), unkind_closers=(" go away.", " you fool."),
    stories=(("the cat", "the dog", "the bird", "a child"), ("sat", "slept", "played", "walked"),
             ("in the sun", "by the sea", "at home", "in the rain"),
             ("and was happy.", "and was cold.", "all day.")))

THINGS = ("song", "meal", "film", "book", "trip", "game")
PRAISE, BLAME = ("warm", "fun", "great", "fresh", "lovely"), ("dull", "cold", "poor", "slow", "sad")
SENTIMENT = Phrases(
    prompts={f"the {thing}": thing for thing in THINGS},
    bodies={thing: tuple(f"the {thing} was really {word}." for word in PRAISE) for thing in THINGS},
    dodges=("it was okay for me.", "what can i say now."),
    wrong={thing: tuple(f"the {thing} was really {word}." for word in BLAME) for thing in THINGS},
    kind_openers=("wow! ", "yes! "), unkind_openers=("oh no. ", "well. "), rambles=(" and so on.",),
    kind_closers=(" i loved it.", " we want more."),
    unkind_closers=(" i hated it.", " never again."),
    stories=(("my friend", "the band", "our cook", "a child"),
             ("sang", "played", "cooked", "danced"),
             ("all night", "in the park", "at home", "for us"),
             ("and it was fine.", "and we went home.", "with a smile.")))

CORPORA = {"dialogue": DIALOGUE, "sentiment": SENTIMENT}
