"""A seeded generator of damaged and hostile files over everything that nnscratch reads, and a judge of what it does with them.

    python -m tests.fuzz --seed 0 --count 1000              all readers in turn
    python -m tests.fuzz --only mask --count 50             one of them
    python -m tests.fuzz --seed 0 --case 321 --keep FOLDER  one file again, which stays in the folder

Every file goes through the command line. What is promised is in SECURITY.md.
"""
