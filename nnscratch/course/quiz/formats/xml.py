"""XML written as nested calls: node("name", node("text", "A & B"), kind="x") is <name kind="x"><text>A &amp; B</text></name>"""
from xml.etree import ElementTree

__all__: list[str] = []  # for the formats

Node = ElementTree.Element


def node(tag: str, *inside: Node | str, **attributes: str) -> Node:
    """An element with attributes that holds a text, or other elements."""
    element = Node(tag, attributes)
    for one in inside:
        if isinstance(one, str):
            element.text = one
        else:
            element.append(one)
    return element


def document(root: Node) -> str:
    """An indented document. Spaces within texts stay as they are."""
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'
