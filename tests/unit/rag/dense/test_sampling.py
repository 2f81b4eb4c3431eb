from __future__ import annotations

from fakes import put
from hypothesis import given
from hypothesis import strategies as st

from rag.dense.sampling import sample, shares

COUNTS = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.integers(1, 200), max_size=12)


@given(COUNTS, st.integers(0, 400))
def test_shares_fill_what_there_is_room_for_as_evenly_as_can_be(counts, most):
    given = shares(counts, most)
    assert given.keys() == counts.keys()
    assert sum(given.values()) == min(most, sum(counts.values()))
    assert all(given[each] <= counts[each] for each in counts)
    cut = [given[each] for each in counts if given[each] < counts[each]]
    if cut:
        assert max(cut) - min(cut) <= 1
        assert max(given.values()) <= max(cut) + 1


def test_a_sample_is_taken_evenly_in_the_order_of_the_text(library, embedder):
    put(library, "long", "\n".join(f"Plane {n} came." for n in range(30)), embedder)
    put(library, "short", "The river is long.\nThe moon is far.", embedder)
    put(library, "foreign", "A zebra ran.", embedder)
    taken = sample(library.catalog, ["long", "short", "gone"], 12)
    assert taken.total == 32
    by_document = [[p for p in taken.places if p.document_id == name] for name in ("long", "short")]
    assert [len(places) for places in by_document] == [10, 2]
    starts = [place.start for place in by_document[0]]
    assert starts == sorted(starts)
    text = library.text("long")
    assert [text[p.start : p.end] for p in by_document[0]] == [f"Plane {n} came." for n in range(0, 30, 3)]


def test_an_empty_library_gives_an_empty_sample(library):
    assert sample(library.catalog, [], 10).places == ()
