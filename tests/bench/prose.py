"""Texts of our own making that read like reports, of any number, and questions that they answer.

Every document tells of one town: who opened, repaired or sold what, when, and what came of it. Towns and
people have names made of syllables, so that rare words grow with a library as they do in real ones; the other
words are few and frequent. The same number gives the same text, on any machine.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

STARTS = "al bar cor dun el fen gar hol il kes lor mar nor os pen ros sal tor ul ver wes yar".split()
MIDDLES = "a e i o u an en in on ar er or ast ess ill".split()
ENDS = "bach bridge bury by dale field ford ham holm ington lake mere mouth ness port stead ton wick".split()
GIVEN = (
    "Ada Ben Clara David Edith Felix Greta Hugo Ida Jonas Klara Leo Mina Noah Olga Paul Rosa Simon".split()
)
FAMILY_ENDS = "er in sen son ova ard ley mann well wood worth".split()
PLACES = (
    "paper mill,harbour crane,grain store,tram depot,water tower,glass works,school of music,fish market,"
    "rope factory,stone bridge,town library,hospital,power station,tannery,observatory,brewery,ferry landing,"
    "post office,swimming bath,timber yard,covered market,archive,lighthouse,laundry,bus garage,orchard,"
    "dairy,quarry,shipyard,print shop,railway museum,pumping station,bakery,theatre,salt works,sawmill"
).split(",")
DEEDS = (
    "open opened,repair repaired,sell sold,rebuild rebuilt,close closed,buy bought,"
    "inspect inspected,enlarge enlarged,lease leased,paint painted,electrify electrified"
).split(",")
GOODS = (
    "barrels of herring,rolls of paper,sacks of rye,bottles,bales of wool,planks of oak,crates of apples,"
    "tonnes of gravel,letters,lamps,books,bricks,metres of rope,litres of milk,tickets,panes of glass"
).split(",")
CAUSES = (
    "a flood in the lower town,the new railway line,a strike of the dockers,the price of coal,a gift of the "
    "guild,the drought of that summer,a fire in the roof,complaints about the smoke,a loan from the county,"
    "the frost of that winter,a change in the tariff,the fair of that autumn"
).split(",")
REMARKS = (
    "The council agreed to it by {small} votes against {few}.",
    "Most of the {goods} went by river, and the rest by road to {town}.",
    "Nobody had expected that {cause} would change so much.",
    "A clerk noted that the {place} then stood empty for {few} months.",
    "The work took {small} weeks longer than was planned, for want of carpenters.",
    "Neighbours in {town} wrote that the noise could be heard across the water.",
    "It employed {many} people, of whom {small} had come from {town}.",
    "The accounts of that year are lost, and what is known comes from letters.",
    "Since then the {place} has been looked after by a society of its friends.",
    "Repairs were paid out of the harbour dues until {year}.",
    "According to the register, {many} {goods} left it in one season.",
)
MONTHS = "January February March April May June July August September October November December".split()
SENTENCES = 7
"""Of a passage: some 110 words and 600 characters, as the passages of real documents have."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Who did what to which place, where, when and why."""

    person: str
    deed: str
    done: str
    place: str
    town: str
    month: str
    year: int
    cause: str

    def sentence(self) -> str:
        return (
            f"In {self.month} {self.year} {self.person} {self.done} the {self.place} at {self.town} "
            f"because of {self.cause}."
        )

    def question(self) -> str:
        return f"When did {self.person} {self.deed} the {self.place} at {self.town}?"


def town_of(number: int) -> str:
    """Return the town that a document tells of."""
    return _town(random.Random(f"town {number}"))  # noqa: S311 - no secret


def title_of(number: int) -> str:
    return f"Report {number} on {town_of(number)}"


def passages_of(number: int, count: int) -> list[str]:
    """Return the passages of one document."""
    draw = random.Random(number)  # noqa: S311 - no secret
    town = town_of(number)
    return [_passage(draw, _fact(draw, town)) for _ in range(count)]


def question_about(number: int) -> str:
    """Return a question that the first passage of a document answers."""
    return _fact(random.Random(number), town_of(number)).question()  # noqa: S311 - no secret


def text_of(number: int, n_bytes: int) -> str:
    """Return the text of one document in paragraphs of a passage's length."""
    whole = "\n\n".join((title_of(number), *passages_of(number, n_bytes // 400 + 1)))
    return whole[:n_bytes]


def _passage(draw: random.Random, fact: Fact) -> str:
    remarks = draw.sample(REMARKS, SENTENCES - 1)
    told = [each.format_map(_words(draw)) for each in remarks]
    return " ".join([fact.sentence(), *told])


def _fact(draw: random.Random, town: str) -> Fact:
    deed, done = _zipf(draw, DEEDS).split(" ")
    person = f"{draw.choice(GIVEN)} {_syllables(draw, FAMILY_ENDS)}"
    place, month, year = _zipf(draw, PLACES), draw.choice(MONTHS), draw.randint(1780, 2020)
    return Fact(person, deed, done, place, town, month, year, _zipf(draw, CAUSES))


def _words(draw: random.Random) -> dict[str, object]:
    return {
        "town": _town(draw),
        "goods": _zipf(draw, GOODS),
        "place": _zipf(draw, PLACES),
        "cause": _zipf(draw, CAUSES),
        "few": draw.randint(2, 9),
        "small": draw.randint(10, 40),
        "many": draw.randint(50, 9000),
        "year": draw.randint(1780, 2020),
    }


def _town(draw: random.Random) -> str:
    return _syllables(draw, ENDS)


def _syllables(draw: random.Random, ends: Sequence[str]) -> str:
    return f"{draw.choice(STARTS)}{draw.choice(MIDDLES)}{draw.choice(STARTS)}{draw.choice(ends)}".capitalize()


def _zipf(draw: random.Random, words: Sequence[str]) -> str:
    """Return a word, the n-th with a chance that falls as 1/n."""
    return draw.choices(words, cum_weights=_WEIGHTS[: len(words)])[0]


_WEIGHTS = list(accumulate(1 / (1 + n) for n in range(100)))
