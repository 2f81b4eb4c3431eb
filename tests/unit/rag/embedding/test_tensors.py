"""A file of tensors is read in place: what its own library reads, and nothing is written back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import load, save_file

from rag.embedding.tensors import mapped

SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
TENSORS = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=8).filter(lambda name: name != "__metadata__"),
    SHAPES.flatmap(lambda shape: arrays.arrays(np.float32, shape)),
    max_size=4,
)


@settings(max_examples=40)
@given(TENSORS)
def test_it_reads_what_the_library_reads(tmp_path_factory, tensors) -> None:
    file = tmp_path_factory.mktemp("tensors") / "any.safetensors"
    save_file(tensors, file, metadata={"format": "np"})
    expected, found = load(file.read_bytes()), mapped(file)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert (found[name].shape, found[name].dtype) == (tensor.shape, np.float32)
        np.testing.assert_array_equal(found[name], tensor)


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "two.safetensors"
    save_file({"floats": np.arange(6, dtype=np.float32).reshape(2, 3), "ids": np.arange(3)}, file)
    return file


def test_only_float32_is_read(file) -> None:
    assert list(mapped(file)) == ["floats"]


def test_what_is_written_stays_in_the_process(file) -> None:
    before = file.read_bytes()
    mapped(file)["floats"][:] = 7
    assert file.read_bytes() == before
    assert mapped(file)["floats"][1, 2] == 5


def test_a_file_that_goes_meanwhile_is_still_there_for_who_reads_it(file) -> None:
    floats = mapped(file)["floats"]
    file.unlink()
    np.testing.assert_array_equal(floats, [[0, 1, 2], [3, 4, 5]])
