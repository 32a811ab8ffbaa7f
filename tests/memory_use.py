"""How much memory a piece of code takes, in a process of its own (Linux alone: it reads /proc)."""
import subprocess
import sys

# Not `getrusage`: a new process inherits the peak of the one that started it.
PRINT_PEAK = "\nprint(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"


def peak_megabytes(code, *arguments):
    """The peak of a new Python process that runs the code with these arguments; an InputError is allowed."""
    indented = "\n".join(f"    {line}" for line in code.splitlines())
    whole = f"import sys\nfrom nnscratch.errors import InputError\ntry:\n{indented}\nexcept InputError:\n    pass{PRINT_PEAK}"
    return int(subprocess.run([sys.executable, "-c", whole, *map(str, arguments)], capture_output=True, text=True,
                              check=True).stdout) // 1024
