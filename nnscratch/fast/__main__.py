"""`python -m nnscratch.fast` prints which code computes which op."""
from nnscratch.fast.dispatch import CONVOLUTIONS
from nnscratch.fast.rooms import table

print(table())
for product, algorithms in CONVOLUTIONS.items():
    print(f"\n{product} on the CPU, the first algorithm whose condition holds:")
    for name, condition, _ in algorithms:
        print(f"  {name:19}{condition}")
