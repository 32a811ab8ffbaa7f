"""How fast is it here, on the CPU and on the GPU? `nnscratch bench`, or in a notebook:

    from nnscratch.bench import bench
    report = bench(quick=True)

    cases, layers   single layers, forward and backward, as style transfer and the generator use them
    steps           whole training steps: adversarial ones, and one of style transfer
    sweep           one step at many batch sizes: from which on is the GPU faster?
    clock           how time is taken: by the GPU's own clock, and by the one on the wall
    machine         who the machine is, and its two ceilings: bytes and multiplications a second
    roofline        how near to the ceilings each layer comes, as a number and as an image
    report          tables, and the files they are kept in

Every contender computes the same from the same numbers, and is compared before it is timed: who is wrong gets no time.
"""
from nnscratch.bench.run import bench
