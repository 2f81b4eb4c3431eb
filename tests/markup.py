"""HTML as a tree, so that tests ask what a browser would see and not how it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "link", "meta"}


@dataclass
class Node:
    name: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def classes(self) -> set[str]:
        return set((self.attributes.get("class") or "").split())

    def all(self, selector: str = "") -> list[Node]:
        """Return the nodes below that have this name, or this class where it begins with a dot."""
        below = [child for child in self.children if isinstance(child, Node)]
        found = [node for child in below for node in (child, *child.all())]
        if not selector:
            return found
        if selector.startswith("."):
            return [node for node in found if selector[1:] in node.classes]
        return [node for node in found if node.name == selector]

    def one(self, selector: str) -> Node:
        [node] = self.all(selector)
        return node


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("")]

    def handle_starttag(self, tag, attrs):
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        assert self.open[-1].name == tag, f"</{tag}> closes <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].children.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl):
        raise AssertionError(f"a declaration: {decl}")


def parse(html: str) -> Node:
    """Return the root of the tree; markup that does not nest fails the test."""
    tree = _Tree()
    tree.feed(html)
    tree.close()
    [root] = tree.open
    return root
