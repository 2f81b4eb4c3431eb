"""What so many passages and so many people need: a model on measured constants, and a small simulation.

``make capacity`` prints the tables of docs/scale.md; ``make capacity ARGS="questions_a_day=40"`` with another
value for a constant. Whatever is not measured is an assumption, and says so.
"""

from __future__ import annotations

import heapq
import random
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from math import ceil

PASSAGES = tuple(10**n for n in range(4, 10))
PEOPLE = tuple(10**n for n in range(6))
HOUR, DAY = 3600, 86_400


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that the model stands on, and where it comes from."""

    value: float
    unit: str
    meaning: str
    source: str


@dataclass(frozen=True, slots=True)
class Model:
    """Values of the constants, by name."""

    values: Mapping[str, float]

    def __getattr__(self, name: str) -> float:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None


_ASSUMED = "assumed: set your own"
_SCALE = "`make bench-scale`, two cores"
CONSTANTS: Mapping[str, Constant] = {
    "passage_tokens": Constant(150, "tokens", "a passage, with its title", _ASSUMED),
    "embed_rate": Constant(4_500, "tokens/s", "embedding, each core", "120 sentences on two cores, float32"),
    "gpu_embed_rate": Constant(500_000, "tokens/s", "embedding, each GPU", _ASSUMED),
    "catalogue_kb": Constant(3.9, "kB", "catalogue on disk, each passage", f"{_SCALE}, 100,000 passages"),
    "index_disk_kb": Constant(2.2, "kB", "index on disk, each passage", f"{_SCALE}, 100,000 passages"),
    "index_kb": Constant(2.0, "kB", "index in memory, each passage", "README, 10,000 to 100,000 passages"),
    "quantised_kb": Constant(
        0.9, "kB", "the same with vectors of a byte a number", "computed: 384 B + links"
    ),
    "process_gb": Constant(
        0.6, "GB", "a process without index and writing model", f"{_SCALE}, 10,000 passages"
    ),
    "build_rate": Constant(850, "vectors/s", "making the index, each core", "Chroma 1.5.9, two cores"),
    "search_core_s": Constant(1.0, "core s", "a question to its key quotes", f"{_SCALE}, 10,000 passages"),
    "answer_s": Constant(9.0, "s", "the local model writes an answer, two cores", "`make bench`"),
    "gpu_answer_s": Constant(2.0, "s", "a served model writes an answer", _ASSUMED),
    "gpu_slots": Constant(32, "answers", "a GPU writes at once", _ASSUMED),
    "questions_a_day": Constant(20, "questions", "of a person, a day", _ASSUMED),
    "peak_share": Constant(0.2, "", "of these in the busiest hour", _ASSUMED),
    "machine_cores": Constant(16, "cores", "of a machine", _ASSUMED),
    "machine_gb": Constant(64, "GB", "memory of a machine", _ASSUMED),
    "core_price": Constant(0.03, "$/h", "a core", _ASSUMED),
    "memory_price": Constant(0.004, "$/h", "a GB of memory", _ASSUMED),
    "disk_price": Constant(0.08, "$/month", "a GB of disk", _ASSUMED),
    "gpu_price": Constant(2.0, "$/h", "a GPU", _ASSUMED),
}


def model(changed: Mapping[str, float] | None = None) -> Model:
    """Return the constants' values, some of them changed."""
    return Model({name: each.value for name, each in CONSTANTS.items()} | dict(changed or {}))


# -- passages --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Storage:
    """What a number of passages takes."""

    passages: int
    disk_gb: float
    memory_gb: float
    quantised_gb: float
    embed_days: float
    gpu_hours: float
    build_hours: float
    shards: int
    dollars_a_month: float
    binds: str
    change: str


def storage(passages: int, m: Model) -> Storage:
    """Return what so many passages take: space, memory, the time to embed and to index them, and money."""
    memory = m.process_gb + passages * m.index_kb / 1e6
    disk = passages * (m.catalogue_kb + m.index_disk_kb) / 1e6
    embed = passages * m.passage_tokens / m.embed_rate / m.machine_cores
    shards = ceil(memory / (0.75 * m.machine_gb))
    hourly = shards * m.machine_cores * m.core_price + memory * m.memory_price
    binds, change = _advice(embed / DAY, shards, passages)
    return Storage(
        passages,
        disk,
        memory,
        m.process_gb + passages * m.quantised_kb / 1e6,
        embed / DAY,
        passages * m.passage_tokens / m.gpu_embed_rate / HOUR,
        passages / m.build_rate / m.machine_cores / HOUR,
        shards,
        hourly * 730 + disk * m.disk_price,
        binds,
        change,
    )


def _advice(embed_days: float, shards: int, passages: int) -> tuple[str, str]:
    """Return what binds first at this size, and what to change then."""
    if shards > 10:
        return "memory of the index", "hosted Chroma, or quantised vectors on disk; shards by collection"
    if shards > 1:
        return "memory of one machine", "shards by collection; quantised vectors"
    if embed_days > 0.5:
        return "embedding", "a GPU for embedding, or `--engine ray`"
    if passages > 500_000:
        return "opening and writing the index", "Chroma as a server, PostgreSQL"
    return "nothing", "one process, SQLite and embedded Chroma"


# -- people ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Load:
    """What a number of people takes: servers, and how long they then wait."""

    people: int
    a_second: float
    replicas: int
    quotes_p95: float
    local_models: int
    local_p95: float
    gpus: int
    gpu_p95: float
    dollars_a_month: float


QUOTES_S, ANSWER_S = 1.5, 30.0
"""How long nineteen of twenty people may wait for the key quotes, and for the end of a written answer."""

MOST_BUSY = 0.85
"""Share of their time that servers may be at work: above it, a line of any length comes some day."""


def load(people: int, m: Model) -> Load:
    """Return the least of each kind of server with which people wait no longer than they may."""
    rate = people * m.questions_a_day * m.peak_share / HOUR
    replicas, quotes = fewest(rate, m.search_core_s / 2, 1, QUOTES_S)
    models, local = fewest(rate, m.answer_s, 1, ANSWER_S)
    gpus, served = fewest(rate, m.gpu_answer_s, int(m.gpu_slots), ANSWER_S)
    hourly = 2 * replicas * m.core_price + replicas * m.process_gb * m.memory_price
    hourly += min(2 * models * m.core_price, gpus * m.gpu_price)
    return Load(people, rate, replicas, quotes, models, local, gpus, served, hourly * 730)


def fewest(rate: float, service_s: float, slots: int, most_s: float) -> tuple[int, float]:
    """Return the least number of servers, and the 95th percentile of the time to be served by them.

    Args:
        rate: arrivals a second.
        service_s: mean seconds that one takes.
        slots: how many a server serves at once.
        most_s: the longest that the percentile may be.
    """
    for servers in count(max(1, ceil(rate * service_s / slots / MOST_BUSY))):
        p95 = simulated(rate, service_s, servers * slots)
        if p95 <= most_s:
            return servers, p95
    raise AssertionError("there is always another server")


def simulated(rate: float, service_s: float, slots: int, arrivals: int = 20_000) -> float:
    """Simulate a line before some slots; return the 95th percentile of waiting and being served, in seconds.

    People come independently of each other (Poisson), and what one takes is spread log-normally around its
    mean with a coefficient of variation of about one half. The same seed for all, so that more slots are
    never slower.
    """
    draw = random.Random(7)  # noqa: S311 - no secret
    free = [0.0] * slots
    now, times = 0.0, []
    for _ in range(arrivals):
        now += draw.expovariate(rate)
        begun = max(now, heapq.heappop(free))
        done = begun + service_s * draw.lognormvariate(-0.11, 0.47)
        heapq.heappush(free, done)
        times.append(done - now)
    return sorted(times)[int(0.95 * arrivals)]


# -- tables ----------------------------------------------------------------------------------------------


def constants_table(m: Model | None = None) -> str:
    """Return every constant, and where it comes from, as Markdown."""
    m = m or model()
    rows = [
        (f"`{name}`", f"{m.values[name]:,g} {each.unit}".strip(), each.meaning, each.source)
        for name, each in CONSTANTS.items()
    ]
    return _table(("constant", "value", "of what", "from where"), rows)


def passages_table(m: Model | None = None) -> str:
    """Return what each decade of passages takes, as Markdown."""
    m = m or model()
    rows = [
        (
            _power(s.passages),
            _size(s.disk_gb),
            _size(s.memory_gb),
            _size(s.quantised_gb),
            _time(s.embed_days * DAY),
            _time(s.gpu_hours * HOUR),
            _time(s.build_hours * HOUR),
            f"{s.shards:,}",
            f"${s.dollars_a_month:,.0f}",
            s.binds,
            s.change,
        )
        for s in (storage(each, m) for each in PASSAGES)
    ]
    head = (
        "passages", "disk", "memory", "quantised", "embed, a machine", "embed, a GPU", "make the index",
        "machines", "a month", "what binds", "what to change",
    )  # fmt: skip
    return _table(head, rows)


def people_table(m: Model | None = None) -> str:
    """Return what each decade of people takes, as Markdown."""
    m = m or model()
    rows = [
        (
            _power(each.people),
            f"{each.a_second:.3g}",
            f"{each.replicas:,}",
            f"{each.quotes_p95:.1f} s",
            f"{each.local_models:,}",
            f"{each.local_p95:.0f} s",
            f"{each.gpus:,}",
            f"{each.gpu_p95:.0f} s",
            f"${each.dollars_a_month:,.0f}",
        )
        for each in (load(people, m) for people in PEOPLE)
    ]
    head = (
        "people", "questions/s", "replicas of two cores", "quotes, p95", "local models of two cores",
        "answer, p95", "or GPUs", "answer, p95", "a month",
    )  # fmt: skip
    return _table(head, rows)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _power(number: int) -> str:
    return f"{number:,}"


def _size(gb: float) -> str:
    return f"{gb / 1000:,.1f} TB" if gb >= 1000 else f"{gb:,.1f} GB" if gb < 10 else f"{gb:,.0f} GB"


def _time(seconds: float) -> str:
    for unit, length in (("d", DAY), ("h", HOUR), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:,.1f} {unit}"
    return f"{seconds:,.1f} s"


TABLES: Mapping[str, Callable[[], str]] = {
    "capacity-constants": constants_table,
    "capacity-passages": passages_table,
    "capacity-people": people_table,
}
"""What docs/scale.md asks for, by name."""


def main(arguments: list[str]) -> None:
    """Print all tables, with the constants that are given as NAME=VALUE changed."""
    try:
        changed = {name: float(value) for name, _, value in (each.partition("=") for each in arguments)}
    except ValueError:
        raise SystemExit("give constants as NAME=VALUE, as in questions_a_day=40") from None
    if unknown := sorted(changed.keys() - CONSTANTS.keys()):
        raise SystemExit(f"no constant {', '.join(unknown)}: there are {', '.join(CONSTANTS)}")
    m = model(changed)
    for table in (constants_table, passages_table, people_table):
        sys.stdout.write(f"{table(m)}\n\n")


if __name__ == "__main__":
    main(sys.argv[1:])
