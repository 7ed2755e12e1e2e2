"""A PyTorch module that can only train is known, in whatever form it comes."""

from __future__ import annotations

import pytest
from bands import CLASSES, X, evaluate, linear, same

from noisecore.running.evaluation import GivenError

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of torch.jit
    pytest.mark.filterwarnings("ignore::FutureWarning"),  # torch's own, about itself
    pytest.mark.filterwarnings("ignore:Converting a tensor"),
]


@pytest.fixture(scope="module")
def torch():
    """Skip where PyTorch is not installed."""
    return pytest.importorskip("torch")


def images(torch):
    """The images as a module takes them."""
    return torch.from_numpy(X.transpose(0, 3, 1, 2).copy())


def asked(torch):
    """A module that drops as its mode says, by a function and not by a part."""

    class Asked(torch.nn.Module):
        def forward(self, images):
            rows = images.flatten(1)[:, :3]
            return torch.nn.functional.dropout(rows, 0.5, self.training)

    return Asked()


def dropping(torch, p=0.5):
    """A module that drops."""
    nn = torch.nn
    return nn.Sequential(nn.Flatten(), nn.Dropout(p), nn.Linear(64, CLASSES))


def learning(torch):
    """A module that drops, with a norm that learns."""
    return torch.nn.Sequential(torch.nn.BatchNorm2d(1), *dropping(torch))


def of_the_batch(torch):
    """A module with norms that take the statistics of the batch in either mode."""
    norms = torch.nn.BatchNorm2d(1, track_running_stats=False), torch.nn.InstanceNorm2d(1)
    return torch.nn.Sequential(*norms, *dropping(torch, 0.0))


def _program(torch, module):
    any_number = ({0: torch.export.Dim("n", min=2, max=1000)},)
    return torch.export.export(module, (images(torch)[:7],), dynamic_shapes=any_number)


def exported(torch, module):
    """As it is exported."""
    return _program(torch, module).module()


def decomposed(torch, module):
    """As it is exported, in smaller operations."""
    return _program(torch, module).run_decompositions().module()


def inside(torch, module):
    """As it is exported, as a part of another one."""
    return torch.nn.Sequential(exported(torch, module))


def traced(torch, module):
    """As it is traced."""
    return torch.jit.trace(module, (images(torch)[:7],), check_trace=False)


def scripted(torch, module):
    """As it is scripted."""
    return torch.jit.script(module)


def symbolic(torch, module):
    """As torch.fx traces it."""
    return torch.fx.symbolic_trace(module)


FIXED = [exported, decomposed, inside, traced]


@pytest.mark.parametrize("form", FIXED)
@pytest.mark.parametrize(("made", "named"), [(asked, "dropout"), (learning, "batch_norm.*dropout")])
def test_fixed_in_training(torch, made, named, form) -> None:
    """What was exported or traced in training mode is refused in one line that names why."""
    model = form(torch, made(torch).train())
    line = rf"in training mode, .*\(.*{named}.*\): call .eval\(\) before"
    with pytest.raises(GivenError, match=line) as refused:
        evaluate(model, x=images(torch))
    assert "\n" not in str(refused.value)


def test_functions_that_were_traced(torch) -> None:
    """A mode that a symbolic trace took for a constant is known, too."""
    with pytest.raises(GivenError, match=r"\(dropout\): call"):
        evaluate(symbolic(torch, asked(torch).train()), x=images(torch))


@pytest.mark.parametrize("form", [*FIXED, scripted, symbolic])
@pytest.mark.parametrize(
    ("made", "training"), [(learning, False), (of_the_batch, False), (of_the_batch, True)]
)
def test_taken(torch, made, training, form) -> None:
    """What answers as in eval mode is taken: what drops nothing, and norms without statistics."""
    model = form(torch, made(torch).train(training))
    assert evaluate(model, x=images(torch), least_clean=0.0)


@pytest.mark.parametrize("form", [scripted, symbolic])
def test_modes_that_can_change(torch, form) -> None:
    """What keeps its mode as a mode is asked in eval mode, and gets its own back."""
    module = learning(torch)
    wanted = evaluate(module.eval(), x=images(torch), least_clean=0.0)
    model = form(torch, module.train())
    same(evaluate(model, x=images(torch), least_clean=0.0), wanted)
    assert model.training


def test_meant_so(torch) -> None:
    """Who means random answers gives a function."""
    model = exported(torch, dropping(torch).train())
    assert evaluate(lambda x: model(torch.from_numpy(x)), x=images(torch), least_clean=0.0)


def test_other_graphs(torch) -> None:
    """A module may have a graph of its own kind."""

    class Graph(torch.nn.Module):
        graph = "nodes"

        def forward(self, images):
            return torch.from_numpy(linear(images.numpy().transpose(0, 2, 3, 1)))

    same(evaluate(Graph(), x=images(torch)), evaluate(linear))
