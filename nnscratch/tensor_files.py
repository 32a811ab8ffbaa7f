"""Safetensors files: by the library where it is installed; else, as in a browser, by the same functions in NumPy."""
try:
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import save
except ImportError:
    from nnscratch.numpy_tensors import SafetensorError, safe_open, save  # type: ignore[assignment]

__all__ = ["SafetensorError", "safe_open", "save"]
