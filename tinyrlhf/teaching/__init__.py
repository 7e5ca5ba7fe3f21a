"""Lessons, exercises and demos: reading, building pages, grading, stepping through pictures.

Lessons print here: letters that the terminal does not have are escaped from this import on.
"""
import sys

from tinyrlhf.faces.terminal import escaping
from tinyrlhf.teaching.claims import check_claims
from tinyrlhf.teaching.exercises import exercise, near
from tinyrlhf.teaching.grader import check, mine
from tinyrlhf.teaching.pictures import LECTURE, show
from tinyrlhf.teaching.predictions import predict

__all__ = ["LECTURE", "check", "check_claims", "exercise", "mine", "near", "predict", "show"]
escaping(sys.stdout)
