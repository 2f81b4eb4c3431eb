"""Files to passages in a library.

```python
from ingest import add

for outcome in add("my-library", ["report.pdf", "notes/"]):
    print(outcome.kind, outcome.title, outcome.reason or "")
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ingest.adding import add
    from ingest.outcomes import Outcome, Progress

__all__ = ["Outcome", "Progress", "add"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the fenced processes that read files want none of them."""
    if name not in __all__:
        raise AttributeError(f"module 'ingest' has no attribute '{name}'")
    from ingest import adding, outcomes

    return getattr(adding if name == "add" else outcomes, name)


def __dir__() -> list[str]:
    return __all__
