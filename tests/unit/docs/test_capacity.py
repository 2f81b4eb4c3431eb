"""The model of what so many passages and people need: its arithmetic, its line, its tables."""

from __future__ import annotations

import capacity
import pytest
from made import MADE


def test_every_table_is_to_be_had_for_the_pages() -> None:
    assert {name: MADE[name] for name in capacity.TABLES} == capacity.TABLES


def test_every_constant_is_told_with_its_source() -> None:
    table = capacity.constants_table()
    for name, constant in capacity.CONSTANTS.items():
        assert f"| `{name}` |" in table
        assert constant.source in table


@pytest.mark.parametrize(("table", "decades"), [("passages", 6), ("people", 6)])
def test_a_row_for_each_decade(table: str, decades: int) -> None:
    lines = capacity.TABLES[f"capacity-{table}"]().splitlines()
    assert len(lines) == 2 + decades
    assert len({line.count("|") for line in lines}) == 1


def test_ten_times_the_passages_take_ten_times_the_disk_and_time() -> None:
    few, many = (capacity.storage(n, capacity.model()) for n in (10**6, 10**7))
    assert many.disk_gb == pytest.approx(10 * few.disk_gb)
    assert many.embed_days == pytest.approx(10 * few.embed_days)
    assert many.memory_gb > many.quantised_gb


def test_the_index_gets_more_machines_once_it_fills_one() -> None:
    small = capacity.model({"machine_gb": 4.0})
    assert capacity.storage(10**6, small).shards == 1
    assert capacity.storage(10**7, small).shards > 1


def test_a_server_that_is_hardly_asked_lets_nobody_wait() -> None:
    alone = capacity.simulated(0.001, 2.0, 1)
    assert 3.0 < alone < 5.0  # the spread of the service itself: 1.9 times its mean at the 95th percentile
    assert capacity.simulated(0.4, 2.0, 1) > 2 * alone  # four fifths busy


def test_an_unspread_line_agrees_with_the_formula_for_one_server() -> None:
    """Pollaczek–Khinchine: the mean wait of M/G/1 is rate · E[S²] / 2(1 − load); the median lies below it."""
    rate, mean = 0.25, 2.0
    second_moment = mean**2 * (1 + 0.5**2)
    wait = rate * second_moment / (2 * (1 - rate * mean))
    assert mean < capacity.simulated(rate, mean, 1) < 6 * (mean + wait)


def test_more_people_need_no_fewer_servers() -> None:
    loads = [capacity.load(people, capacity.model()) for people in (1, 100, 10_000)]
    assert [each.local_models for each in loads] == sorted(each.local_models for each in loads)
    assert all(each.quotes_p95 <= capacity.QUOTES_S for each in loads)
    assert all(each.local_p95 <= capacity.ANSWER_S for each in loads)


def test_constants_can_be_changed_and_unknown_ones_are_told(capsys) -> None:
    capacity.main(["questions_a_day=40"])
    assert "| `questions_a_day` | 40 questions |" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="no constant question"):
        capacity.main(["question=40"])
    with pytest.raises(SystemExit, match="NAME=VALUE"):
        capacity.main(["forty"])
