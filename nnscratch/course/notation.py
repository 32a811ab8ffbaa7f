"""Formulas with indices, written once as lines of Python and shown as LaTeX or as text; the tests evaluate those same lines.

    "y[n, u] = b[u] + Sum(k, x[n, k] * W[k, u])"      each y[n, u] is ...
    "dx[s*h + i, c] += dy[h, c] * K[i]"               for all h, i, c: is added to dx, which begins with zeros

Sum(i, j, ...) and Max(i, j, ...) go over their indices, ArgMax(i, j, ...) counts the places from 0, row by row, up to the first
largest, and (a == b) is 1 where it is true, else 0. A pixel beside the image counts as 0.
"""
import ast
import re

GREEK = {"gamma": r"\gamma", "beta": r"\beta", "mean": r"\mu", "variance": "v", "epsilon": r"\epsilon", "xn": r"\hat{x}",
         "slope": "s", "momentum": r"\rho", "cols": r"\text{cols}", "rate": r"\text{rate}", "first": r"\text{first}"}
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Gt: ">", ast.Eq: "="}
LOOSE = ast.Add, ast.Sub
OVER = {"Sum": ("Σ", r"\sum"), "Max": ("max", r"\max"), "ArgMax": ("argmax", r"\operatorname*{argmax}")}


def as_text(line):
    """The line with Σ for a sum: y[n, u] = b[u] + Σ_k(x[n, k] * W[k, u])."""
    line = line.replace("==", "=").replace("**2", "²")
    return re.sub(rf"({'|'.join(OVER)})\(((?:\w+, )+)",
                  lambda match: f"{OVER[match[1]][0]}_{match[2].replace(', ', '')}(", line)


def as_latex(line):
    statement = ast.parse(line).body[0]
    if isinstance(statement, ast.AugAssign):
        return rf"{latex(statement.target)} \mathrel{{+}}= {latex(statement.value)}"
    return f"{latex(statement.targets[0])} = {latex(statement.value)}"


def latex(node):
    match node:
        case ast.Constant():
            return str(node.value)
        case ast.Name():
            return name(node.id)
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
        case ast.Call() if node.func.id in OVER:
            return rf"{OVER[node.func.id][1]}_{{{listed(node.args[:-1])}}} {within(node.args[-1])}"
        case ast.Call(func=ast.Name(id="sqrt")):
            return rf"\sqrt{{{latex(node.args[0])}}}"
        case ast.Call():
            return rf"\{node.func.id} {bracketed(node.args[0])}"
    raise TypeError(f"notation: no LaTeX for {ast.unparse(node)!r}")


def name(text):
    """gamma as a Greek letter, dgamma as its gradient; what follows an underline is written below."""
    text, _, below = text.partition("_")
    known = GREEK.get(text) or ("d" + GREEK[text[1:]] if text[1:] in GREEK else text)
    return rf"{known}^{{\text{{{below}}}}}" if below else known


def listed(nodes):
    """Indices with commas; those of several letters or with arithmetic get air, and a dot, lest s oh be read as a word."""
    texts = [latex(node).replace(r" \, ", r" \cdot ") for node in nodes]
    return (", " if all(len(text) == 1 for text in texts) else r",\, ").join(texts)


def within(node):
    """A sum inside a product needs brackets."""
    return bracketed(node) if isinstance(node, ast.BinOp) and isinstance(node.op, LOOSE) else latex(node)


def bracketed(node):
    return rf"\left( {latex(node)} \right)"
