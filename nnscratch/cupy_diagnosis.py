"""What probably repairs a CuPy that is installed but cannot compute, judged by its error message."""
__all__: list[str] = []


def first_line(error: BaseException) -> str:
    """The type and the first line of the message."""
    return f"{type(error).__name__}: {error}".strip().splitlines()[0].rstrip(".")


def find_remedy(error: BaseException) -> str:
    """The command that most likely repairs a CuPy that is installed but cannot compute."""
    text, wheels = f"{type(error).__name__} {error}".lower(), installed_wheels()
    if len(wheels) > 1:
        return (f'{" and ".join(wheels)} overwrite each other: pip uninstall -y {" ".join(wheels)} && '
                f'pip install "cupy-cuda13x>=14,<15" (or "cupy-cuda12x>=14,<15" for a CUDA 12 driver)')
    if "out of memory" in text or "outofmemory" in text or "memoryallocation" in text:
        return "nvidia-smi says which program holds the GPU's memory: end it, or choose another GPU by CUDA_VISIBLE_DEVICES"
    if "no kernel image" in text or "nokernelimage" in text:
        return 'this GPU is older than CUDA 13 supports: pip uninstall -y cupy-cuda13x && pip install "cupy-cuda12x>=14,<15"'
    if "insufficient" in text or "version" in text:
        # CUDA reports a missing driver as an insufficient one, too
        return ('install or update the NVIDIA driver to 580 or newer, or with an older one: '
                'pip uninstall cupy-cuda13x && pip install "cupy-cuda12x>=14,<15"')
    if "libcuda.so" in text:
        return "install the NVIDIA driver, which brings libcuda, and check it with nvidia-smi"
    if "nvrtc" in text or "cublas" in text or "dynamiclib" in text or "shared object" in text or "headers" in text:
        return f'pip install "{wheels[0] if wheels else "cupy-cuda13x"}[ctk]" (brings the CUDA libraries that the driver lacks)'
    return "install an NVIDIA driver and check it with nvidia-smi, or use the CPU (--device cpu)"


def installed_wheels() -> list[str]:
    """The names of the installed CuPy packages; there should be at most one."""
    from importlib.metadata import PackageNotFoundError, version  # slow to import, and rarely needed
    found = []
    for name in ("cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x"):
        try:
            version(name)
            found.append(name)
        except PackageNotFoundError:
            continue
    return found
