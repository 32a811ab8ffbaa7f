"""How much memory a piece of code takes, in a process of its own."""
import subprocess
import sys

PRINT_PEAK = "\nimport resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"


def peak_megabytes(code, *arguments):
    """The peak of a new Python process that runs the code with these arguments; an InputError is allowed."""
    indented = "\n".join(f"    {line}" for line in code.splitlines())
    whole = f"import sys\nfrom nnscratch.errors import InputError\ntry:\n{indented}\nexcept InputError:\n    pass{PRINT_PEAK}"
    return int(subprocess.run([sys.executable, "-c", whole, *map(str, arguments)], capture_output=True, text=True,
                              check=True).stdout)
