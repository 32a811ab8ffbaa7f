"""The list of mutants, and the two ways to enter one."""

MUTANTS = {}  # {case name: {mistake: backward(dy, cache)}}


def mutant(case, mistake):
    """A decorator: enter a backward under the name of its case (see cases.py) and the mistake it makes."""
    def enter(backward):
        MUTANTS.setdefault(case, {})[mistake] = backward
        return backward
    return enter


def change(case, mistake, backward, **changes):
    """Enter the right backward with one of its gradients, `dx`, `dparameter` or `dbias`, passed through a wrong function."""
    @mutant(case, mistake)
    def wrong(dy, cache):
        gradients = backward(dy, cache)
        if not isinstance(gradients, tuple):
            return changes["dx"](gradients)
        names = ("dx", "dparameter", "dbias")
        return tuple(changes.get(name, lambda g: g)(g) for name, g in zip(names, gradients))
