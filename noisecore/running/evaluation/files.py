"""Files of models that are not read here: how to load each kind, in words."""

from __future__ import annotations

from pathlib import Path

_TORCH = (
    "PyTorch",
    "torch.load(path, weights_only=False) if it holds a module; if it holds weights, build the "
    "module and call module.load_state_dict(torch.load(path)); if it is scripted, "
    "torch.jit.load(path)",
)
_PICKLE = ("pickle", "pickle.load(open(path, 'rb'))")
_XGBOOST = ("XGBoost", "model = xgboost.XGBClassifier(); model.load_model(path)")

# By suffix: whose file it is, and what loads it.
_KINDS = {
    ".pt": _TORCH,
    ".pth": _TORCH,
    ".pt2": ("PyTorch", "torch.export.load(path).module()"),
    ".ckpt": ("Lightning or TensorFlow", "the library that wrote it"),
    ".safetensors": (
        "weights",
        "the module that they belong to, and safetensors.torch.load_model(module, path)",
    ),
    ".onnx": ("ONNX", "onnxruntime.InferenceSession(path)"),
    ".pkl": _PICKLE,
    ".pickle": _PICKLE,
    ".joblib": ("joblib", "joblib.load(path)"),
    ".h5": ("Keras in HDF5", "keras.models.load_model(path)"),
    ".hdf5": ("Keras in HDF5", "keras.models.load_model(path)"),
    ".tflite": ("TensorFlow Lite", "its interpreter, in a function from images to its output"),
    ".pb": ("TensorFlow", "tensorflow.saved_model.load(its folder)"),
    ".ubj": _XGBOOST,
    ".bst": _XGBOOST,
}


def how_to_load(path: Path) -> str | None:
    """Return what to do with a file that is not accepted; None if it may be a `.keras` file."""
    suffix = path.suffix.lower()
    if suffix in _KINDS:
        whose, how = _KINDS[suffix]
        return f"a file of {whose} ({suffix}) is not read: load the model, and give it: {how}"
    if suffix not in ("", ".keras", ".zip"):
        return f"a {suffix} file is not read: load the model with the library that wrote it"
    return None
