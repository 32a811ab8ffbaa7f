"""The result of a gradient check: right, wrong, or not to be judged at these inputs."""
from dataclasses import dataclass, field

__all__ = ["Report"]


@dataclass
class Report:
    """The result of a check.

    An error is the norm of a difference over the larger of the two norms, for the worst input.

    Parameters
    ----------
    name : str
    method : "complex step" or "central difference"; empty if nothing could be measured
    error : float, the backward pass against the numeric gradient
    adjoint_error : float, <u, J v> against <Jᵀ u, v>
    float32_error : float, the forward pass in float32 against float64
    kinks : int, number of elements left out because the function is not differentiable there
    problems : list of str, one sentence for everything that is wrong
    doubts : list of str, one sentence for everything that could not be judged
    remark : str, what else to know about the measurement
    """
    name: str
    method: str
    error: float = 0.0
    adjoint_error: float = 0.0
    float32_error: float = 0.0
    kinks: int = 0
    problems: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    remark: str = ""

    @property
    def ok(self) -> bool:
        """Whether there are neither problems nor doubts."""
        return not self.problems and not self.doubts

    def __str__(self) -> str:
        by = f" by {self.method}, worst relative error {self.error:.1e}" if self.method else ""
        verdict = "WRONG" if self.problems else "CANNOT BE JUDGED" if self.doubts else "right"
        remark = [self.remark] if self.remark else []
        return "\n  ".join([f"{self.name}: {verdict}{by}", *remark, *self.problems, *self.doubts])
