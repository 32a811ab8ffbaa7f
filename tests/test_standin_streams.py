"""The stand-in for CuPy models the order of work on streams, and the restrictions of a recording."""
import pytest
from standin import strict_cupy as cp


def test_unsynchronized_streams_are_refused(device):
    """A stream may use another stream's results after waiting for its event, or after the program has waited; never before."""
    ours, other = cp.cuda.get_current_stream(), cp.cuda.Stream(non_blocking=True)
    third = cp.cuda.Stream(non_blocking=True)
    uses = {"reads": lambda: device + 1, "writes": lambda: device.fill(0), "assigns": lambda: device.__setitem__(0, 0),
            "looks at a view": lambda: device[1:] * 2, "copies rows": lambda: device[cp.asarray([0, 1])], "sees": device.tolist}
    for use in uses.values():
        device += 1
        with other, pytest.raises(AssertionError, match="unwaited for"):
            use()
    early = ours.record()
    device += 1
    other.wait_event(early)  # recorded before the last write
    with other, pytest.raises(AssertionError, match="unwaited for"):
        uses["reads"]()
    other.wait_event(ours.record())
    third.wait_event(other.record())  # and so for our stream, through the other one
    for stream in (third, other):
        with stream:
            uses["reads"]()
    for wait in (ours.synchronize, lambda: ours.record().synchronize(), cp.cuda.Device().synchronize, device.get):
        for stream in (third, other):
            ours.wait_event(stream.record())
        device += 1
        with third, pytest.raises(AssertionError):
            uses["reads"]()
        wait()
        with third:
            uses["reads"]()


def test_a_write_waits_for_all_readers(device):
    """Two streams may read at the same time; a stream that writes must have waited for both, one is not enough."""
    ours = cp.cuda.get_current_stream()
    first, second = (cp.cuda.Stream(non_blocking=True) for _ in range(2))
    writes = {"fills": lambda: device.fill(0), "assigns": lambda: device.__setitem__(0, 0), "adds": lambda: device.__iadd__(1)}
    for write in writes.values():
        for stream in (first, second):
            stream.wait_event(ours.record())
            with stream:
                device + 1  # noqa: B018
        for stream in (first, second):
            with pytest.raises(AssertionError, match=f"stream {stream.ptr} has read, unwaited for"):
                write()
            ours.wait_event(stream.record())
        write()
        write()


def test_a_capture_with_a_refused_operation_is_invalid(device):
    """It ends with an error, and must be ended before another capture begins."""
    stream = cp.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        with pytest.raises(RuntimeError, match="not permitted"):
            float(device[0, 0])
        with pytest.raises(RuntimeError, match="being captured already"):
            stream.begin_capture()
        with pytest.raises(RuntimeError, match="Invalidated"):
            stream.end_capture()
        assert not stream.is_capturing()
        with pytest.raises(RuntimeError, match="not being captured"):
            stream.end_capture()
