"""Interrupts every command that writes, in every way, and compares what it ends with to an uninterrupted run, bit for bit.

    python -m tests.interruptions --seed 0 --count 20        everything
    python -m tests.interruptions --part faults --only style one part, for one job
    python -m tests.interruptions --case "faults style ENOSPC 12"

    signals        kill, SIGTERM, SIGINT at random moments, each followed by --resume, until the work is done
    faults         at the k-th operation on files: Ctrl-C, a kill, a full disk, no more handles, a lost permission
    surroundings   no streams, few handles, a clock that goes back, two processes, Ctrl-C while Python starts
"""
