"""How fast is it here, on the CPU and on the GPU? `nnscratch bench`, or in a notebook:

    from nnscratch.bench import bench
    report = bench(quick=True)

    cases, layers   single layers, forward and backward, as style transfer and the generator use them
    steps           whole training steps: of a GAN, and of style transfer
    sweep           one step at many batch sizes: from which size on is the GPU faster?
    agree           compares the results before anything is timed
    clock           measures device time and wall time
    machine         describes the machine, and measures its two ceilings: bytes and multiplications a second
    roofline        how near each layer comes to the ceilings, as a number and as an image
    report          the tables, and the files they are written to
    run             all of it, in order

Every contender computes the same results from the same inputs. A wrong result is reported and not timed.
"""
from nnscratch.bench.run import bench

__all__ = ["bench"]
