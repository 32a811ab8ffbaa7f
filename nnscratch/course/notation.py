"""Formulas with indices, written once as lines of Python and shown as LaTeX or as text; the tests evaluate the same lines.

    "y[n, u] = b[u] + Sum(d, x[n, d] * W[d, u])"      for all n, u
    "dx[S*h + i, c] += dy[h, c] * K[i]"               for all h, i, c: added to dx, which starts at zero

Sum(i, j, ...) and Max(i, j, ...) run over their indices. ArgMax(i, j, ...) is the index of the first maximum, counted from 0
row by row. (a == b) is 1 if true, else 0. A pixel outside the image counts as 0.
"""
import ast
import re
from collections.abc import Sequence

from nnscratch.hints import checked

__all__ = ["as_latex", "as_text"]

KNOWN = {"gamma": r"\gamma", "beta": r"\beta", "mean": r"\mu", "variance": r"{\sigma^2}", "epsilon": r"\epsilon", "lr": r"\eta",
         "x_hat": r"\hat{x}", "m_hat": r"\hat{m}", "v_hat": r"\hat{v}", "beta1": r"\beta_1", "beta2": r"\beta_2", "slope": "s",
         "decay": r"\rho", "cols": r"\text{cols}", "rate": r"\text{rate}", "first": r"\text{first}"}
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Gt: ">", ast.Eq: "="}
LOOSE = ast.Add, ast.Sub
OVER = {"Sum": ("Σ", r"\sum"), "Max": ("max", r"\max"), "ArgMax": ("argmax", r"\operatorname*{argmax}")}


@checked
def as_text(line: str) -> str:
    """A formula as text.

    Parameters
    ----------
    line : str
        In the notation above.

    Returns
    -------
    text : str
        With Σ for a sum.

    Examples
    --------
    >>> as_text("y[n, u] = b[u] + Sum(d, x[n, d] * W[d, u])")
    'y[n, u] = b[u] + Σ_d(x[n, d] * W[d, u])'
    """
    line = line.replace("==", "=").replace("**2", "²")
    return re.sub(rf"({'|'.join(OVER)})\(((?:\w+, )+)",
                  lambda match: f"{OVER[match[1]][0]}_{match[2].replace(', ', '')}(", line)


@checked
def as_latex(line: str) -> str:
    r"""A formula as LaTeX.

    Parameters
    ----------
    line : str
        In the notation above.

    Returns
    -------
    latex : str
        Without dollars.

    Examples
    --------
    >>> print(as_latex("y[n] = Sum(k, x[n, k] * gamma)"))
    y_{n} = \sum_{k} x_{n, k} \, \gamma
    """
    statement = ast.parse(line).body[0]
    if isinstance(statement, ast.AugAssign):
        return rf"{latex(statement.target)} \mathrel{{+}}= {latex(statement.value)}"
    assert isinstance(statement, ast.Assign)
    return f"{latex(statement.targets[0])} = {latex(statement.value)}"


def latex(node: ast.AST) -> str:
    """A part of a formula as LaTeX."""
    match node:
        case ast.Constant():
            return str(node.value)
        case ast.Name():
            return symbol(node.id)
        case ast.Subscript():
            places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return f"{latex(node.value)}_{{{listed(places)}}}"
        case ast.UnaryOp():
            return f"-{latex(node.operand)}"
        case ast.BinOp(op=ast.Div()):
            return rf"\frac{{{latex(node.left)}}}{{{latex(node.right)}}}"
        case ast.BinOp(op=ast.Pow()):
            return f"{{{within(node.left)}}}^{{{latex(node.right)}}}"
        case ast.BinOp(op=ast.Mult()):
            return rf"{within(node.left)} \, {within(node.right)}"
        case ast.BinOp():
            right = within(node.right) if isinstance(node.op, ast.Sub) else latex(node.right)
            return f"{latex(node.left)} {SIGNS[type(node.op)]} {right}"
        case ast.Compare():
            return f"[{latex(node.left)} {SIGNS[type(node.ops[0])]} {latex(node.comparators[0])}]"
        case ast.IfExp():
            when = latex(node.test).strip("[]")
            return rf"\begin{{cases}} {latex(node.body)} & {when} \\ {latex(node.orelse)} & \text{{else}} \end{{cases}}"
        case ast.Call(func=ast.Name(id=function)) if function in OVER:
            return rf"{OVER[function][1]}_{{{listed(node.args[:-1])}}} {within(node.args[-1])}"
        case ast.Call(func=ast.Name(id="sqrt")):
            return rf"\sqrt{{{latex(node.args[0])}}}"
        case ast.Call(func=ast.Name(id=function)):
            return rf"\{function} {bracketed(node.args[0])}"
    raise TypeError(f"notation: no LaTeX for {ast.unparse(node)!r}")


def symbol(text: str) -> str:
    """A name as LaTeX: gamma as a Greek letter, dgamma as its gradient; what follows an underscore is a superscript."""
    name, _, above = (text, "", "") if text in KNOWN else text.partition("_")
    known = KNOWN.get(name) or ("d" + KNOWN[name[1:]] if name[1:] in KNOWN else name)
    return rf"{known}^{{\text{{{above}}}}}" if above else known


def listed(nodes: Sequence[ast.AST]) -> str:
    """Indices with commas; those of several letters or with arithmetic get a space, and a dot, or S h would be a word."""
    texts = [latex(node).replace(r" \, ", r" \cdot ") for node in nodes]
    return (", " if all(len(text) == 1 for text in texts) else r",\, ").join(texts)


def within(node: ast.AST) -> str:
    """A part inside a product: a sum gets brackets."""
    return bracketed(node) if isinstance(node, ast.BinOp) and isinstance(node.op, LOOSE) else latex(node)


def bracketed(node: ast.AST) -> str:
    """A part in brackets."""
    return rf"\left( {latex(node)} \right)"
