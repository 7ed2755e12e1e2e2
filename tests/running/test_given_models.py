"""What can be called is a model, whatever it is called: each kind measures as the same function."""

from __future__ import annotations

import functools
import warnings
from importlib.metadata import version

import numpy as np
import pytest
from bands import CLASSES, WEIGHTS, X, Y, bands, evaluate, first, linear, same

from noisecore.running.evaluation import GivenError


class Model:
    """A model with methods of its own."""

    def __call__(self, images):
        """Answer."""
        return linear(images)

    def answer(self, images, *, times=1):
        """Answer with scores."""
        return linear(images) * times


class TestPlain:
    """Models of NumPy."""

    @pytest.mark.parametrize(
        "model",
        [
            Model(),
            Model().answer,
            functools.partial(Model().answer, times=1),
            lambda images: {"logits": linear(images)},
            lambda images: [linear(images)],
            lambda images: linear(images).tolist(),
        ],
        ids=["object", "method", "partial", "dict of one", "list of one", "nested lists"],
    )
    def test_kinds(self, model) -> None:
        """Objects, methods and partials are models, and one output may come in a dict or list."""
        same(evaluate(model), evaluate(linear))

    @pytest.mark.parametrize(
        ("model", "message"),
        [
            (X, r"got an array, float32 \(300, 8, 8, 1\): .*evaluate_outputs"),
            ([1, 2], "got a list of 2: .*evaluate_outputs"),
            ({0: bands(X)}, "got a dict of 1: .*evaluate_outputs"),
            (None, "got None"),
            (Model, "got the class Model itself: give one of its objects"),
            (object(), "got an object of object"),
            (
                lambda images: {"a": bands(images), "b": [1]},
                r"got a dict of 'a' \(300, 3\), 'b' list: choose one",
            ),
            (lambda images: {}, "got a dict of none"),
            (lambda images: (bands(images), bands(images)), r"got float32 \(2, 300, 3\)"),
            (lambda images: None, "must be an array|got object"),
            (lambda images: "text", "got <U4"),
            (lambda images: images.no_such_thing, r"it raised AttributeError: .*\.py:\d+\)"),
            (lambda images: 1 / 0, r"images of float32 \(300, 8, 8, 1\), it raised ZeroDivision"),
        ],
    )
    def test_refused(self, model, message) -> None:
        """What is no model, or answers with something else, is one line that says what came."""
        with pytest.raises(GivenError, match=message) as refused:
            evaluate(model)
        assert "\n" not in str(refused.value)

    @pytest.mark.parametrize("batch_size", [100, 300, 1])
    def test_another_width(self, batch_size) -> None:
        """A model whose number of classes changes from batch to batch is refused."""
        calls = []

        def model(images):
            calls.append(1)
            return np.hstack([bands(images), np.zeros((len(images), int(len(calls) > 1)))])

        with pytest.raises(GivenError, match=r"same number of classes .* got 3 and then 4"):
            evaluate(model, batch_size=batch_size)


class TestTorch:
    """PyTorch's modules are taken as they are."""

    @pytest.fixture
    def torch(self):
        """Skip where PyTorch is not installed."""
        return pytest.importorskip("torch")

    @pytest.fixture
    def net(self, torch):
        """A module that answers as `linear` does, with dropout and a norm that learns."""
        net = torch.nn.Sequential(
            torch.nn.Flatten(),
            torch.nn.Dropout(0.5),
            torch.nn.Linear(64, CLASSES, bias=False),
            torch.nn.BatchNorm1d(CLASSES, eps=0.0, affine=False),
        )
        net[2].load_state_dict({"weight": torch.from_numpy(WEIGHTS.T.copy())})
        return net

    def test_as_it_is(self, torch, net) -> None:
        """A module is asked in eval mode, without gradients, and its modes are as before."""
        net.train()
        net[1].eval()
        before = {name: value.clone() for name, value in net.state_dict().items()}
        modes = [part.training for part in net.modules()]
        records = evaluate(net, x=X.transpose(0, 3, 1, 2))
        same(records, evaluate(linear))
        assert [part.training for part in net.modules()] == modes
        assert torch.is_grad_enabled()
        for name, value in net.state_dict().items():
            assert torch.equal(value, before[name])
        assert first(records)["torch"] == version("torch")  # __version__ may name the build, too
        assert first(records)["model_kind"] == "PyTorch Sequential"
        assert records[0].parameters == 64 * CLASSES

    def test_modes_after_an_error(self, net) -> None:
        """A module that fails gets its mode back too."""
        net.train()
        with pytest.raises(GivenError, match="it raised RuntimeError"):
            evaluate(net, x=X[:, :7].transpose(0, 3, 1, 2))
        assert net.training

    def test_source_follows_the_weights(self, torch, net) -> None:
        """Other weights are another model; the same ones are the same."""
        x = X.transpose(0, 3, 1, 2)
        one, again = (evaluate(net, x=x)[0].trial.model_source for _ in range(2))
        with torch.no_grad():
            net[2].weight[0, 0] += 1e-3
        assert one == again != evaluate(net, x=x)[0].trial.model_source

    @pytest.mark.parametrize("dtype", ["float64", "bfloat16", "float16"])
    def test_precision(self, torch, net, dtype) -> None:
        """A module of another precision gets images of that precision."""
        net.to(getattr(torch, dtype))
        (record, *_) = evaluate(net, x=X.transpose(0, 3, 1, 2))
        assert record.evaluations[0].accuracy > 0.9

    def test_scripted(self, torch, net) -> None:
        """A scripted module, and an exported program's, are modules."""
        x = X.transpose(0, 3, 1, 2)
        wanted = evaluate(linear)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            same(evaluate(torch.jit.script(net.eval()), x=x), wanted)
        shapes = {"input": {0: torch.export.Dim("n", min=2, max=1000)}}
        program = torch.export.export(net, (torch.zeros(7, 1, 8, 8),), dynamic_shapes=shapes)
        same(evaluate(program.module(), x=x), wanted)
        with pytest.raises(GivenError, match=r"it raised .*\.module\(\)"):
            evaluate(program, x=x, channels="first")

    def test_without_weights(self, torch) -> None:
        """A module without any weight is taken too."""

        class Bands(torch.nn.Module):
            def forward(self, images):
                rows = [images[:, 0, 2 * k : 2 * k + 2].mean(dim=(1, 2)) for k in range(CLASSES)]
                return torch.stack(rows, 1)

        same(evaluate(Bands(), x=X.transpose(0, 3, 1, 2)), evaluate(bands))

    @pytest.mark.parametrize("batch", [1, 64, 300, None])
    def test_loader(self, torch, net, batch) -> None:
        """A DataLoader, a TensorDataset or any Dataset brings images and labels."""
        data = torch.utils.data.TensorDataset(
            torch.from_numpy(X.transpose(0, 3, 1, 2).copy()), torch.from_numpy(Y)
        )
        wanted = evaluate(net, x=X.transpose(0, 3, 1, 2))
        loader = torch.utils.data.DataLoader(data, batch_size=batch)
        same(evaluate(net, x=loader, y=None), wanted)
        same(evaluate(net, x=data, y=None), wanted)
        same(evaluate(net, x=torch.utils.data.Subset(data, range(300)), y=None), wanted)

    def test_loader_of_another_order(self, torch) -> None:
        """A loader that shuffles is refused before a model is asked, and so is a new order."""
        data = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
        asked = []
        shuffled = torch.utils.data.DataLoader(data, batch_size=50, shuffle=True)
        with pytest.raises(GivenError, match=r"DataLoader must give the same images.*shuffle"):
            evaluate(lambda images: asked.append(1), x=shuffled, y=None, channels="last")
        assert not asked

        class Augmented(torch.utils.data.Dataset):
            def __len__(self):
                return len(X)

            def __getitem__(self, place):
                return X[place] * np.float32(torch.rand(1).item()), Y[place]

        with pytest.raises(GivenError, match="Dataset must give the same images"):
            evaluate(linear, x=Augmented(), y=None, channels="last", least_clean=0)

    @pytest.mark.parametrize(
        ("made", "message"),
        [
            (lambda torch: torch.utils.data.TensorDataset(torch.from_numpy(X)), "1 things in one"),
            (
                lambda torch: torch.utils.data.DataLoader([{"image": X[0], "label": 1}]),
                "got a dict of image, label",
            ),
            (lambda torch: torch.utils.data.TensorDataset(torch.zeros(0, 1, 8, 8)), "an empty one"),
        ],
    )
    def test_other_elements(self, torch, made, message) -> None:
        """What a set holds instead of images and labels is named."""
        with pytest.raises(GivenError, match=message):
            evaluate(linear, x=made(torch), y=None)

    def test_labels_twice(self, torch) -> None:
        """Labels beside a set that brings them are refused."""
        data = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
        with pytest.raises(GivenError, match="y must be left out"):
            evaluate(linear, x=data, y=Y)


class TestOthers:
    """Models that are asked by another method than a call."""

    def test_scikit_learn(self) -> None:
        """A classifier is taken as it is, and its library's version is in the record."""
        pytest.importorskip("sklearn")
        import sklearn
        from sklearn.linear_model import LogisticRegression

        flat = X.reshape(len(X), -1)
        classifier = LogisticRegression(max_iter=1000).fit(flat, Y)
        wanted = evaluate(lambda images: classifier.predict_proba(images.reshape(len(images), -1)))
        records = evaluate(classifier)
        same(records, wanted)
        for each in (records, wanted):  # a function that makes use of it, too
            assert first(each)["scikit-learn"] == sklearn.__version__
        other = LogisticRegression(max_iter=1000).fit(flat, np.array(list("abc"))[Y])
        with pytest.raises(GivenError, match=r"by their numbers, .* got a, b, c"):
            evaluate(other)

    def test_onnx_runtime(self) -> None:
        """A session is taken as it is, and its library's version is in the record."""
        runtime = pytest.importorskip("onnxruntime")
        onnx = pytest.importorskip("onnx")
        helper, kind = onnx.helper, onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            [
                helper.make_node("Flatten", ["input"], ["flat"]),
                helper.make_node("MatMul", ["flat", "kernel"], ["scores"]),
            ],
            "net",
            [helper.make_tensor_value_info("input", kind, ["n", 8, 8, 1])],
            [helper.make_tensor_value_info("scores", kind, ["n", CLASSES])],
            [onnx.numpy_helper.from_array(WEIGHTS, "kernel")],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        session = runtime.InferenceSession(model.SerializeToString())
        by_hand = evaluate(lambda images: session.run(None, {"input": images})[0])
        records = evaluate(session)
        same(records, by_hand)
        for each in (records, by_hand):
            assert first(each)["onnxruntime"] == runtime.__version__
        with pytest.raises(GivenError, match="it raised InvalidArgument"):
            evaluate(session, x=X[:, :5])

    def test_frameworks_that_are_not_used(self) -> None:
        """A record names no framework that its model makes no use of, imported or not."""
        pytest.importorskip("sklearn")
        assert not {"scikit-learn", "torch", "tensorflow"} & set(first(evaluate(linear)))
