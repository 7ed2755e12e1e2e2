"""Sources that Pythons read into different trees, or into trees that are hard to write down."""

SOURCES = {
    "f-strings": r'''
def show(x, y, w, d):
    return (
        "a" f"{x}" "b" f"{y!r:>{w}}" f"{{}}" f"{x=}" f"{ x + y = !s:^{w}.{y}}" rf"\d{x:\d}"
        f"{x:}" f"{x!r:%H:%M}" f"{f'{x}{y}'}" f"{d['key']}" f"{(lambda: 1)()}" f"{x,}" f""
        f"\N{EM DASH}{x}" f"{'{'}{x:{'>'}{10}}" f"""{
            x
        }"""
    )
''',
    "match": """
def kind(value):
    match value:
        case None | True | -1 | 1 + 2j | "text" | b"bytes":
            return 0
        case [1, *rest] if rest:
            return rest
        case {"a": 1, **others}:
            return others
        case Point(x=0, y=[_, (2 | 3) as two]):
            return two
        case ns.NAME | _:
            return None
""",
    "constants": r'''
NUMBERS = (0xFFFF_FFFF_FFFF_FFFF_FFFF, 10**100, 1e999, -0.0, 1.5e-7, 3j, -2.5J, 0b1_0, 0o17, ...)
TEXTS = ("é", "\ud800", "\x00", u"old", 'a' "b" """c
d""", b"\xff'", b"a" b'b', "\U0001F600", "ǅ")
''',
    "calls and operators": """
def f(a, b=1, /, c=2, *args, d, e=3, **kwargs):
    a[*b] = {z for z in c}, (i for i in c)
    if (n := len(args)) > 10 and not n == 3 or a is not b not in c:
        return f(*args, *[1], d=1, **kwargs, **{"x": 1, **e})
    a @= b
    c //= ~d ** -e
    return 1 < a <= b != c, a if b else c, (yield), [*a, *b], {*a}, {**a, 1: 2}, a[1:2, ::3, ...]
""",
    "async": """
async def run(source):
    async with source as a, open("b") as (b, *c):
        async for x in a:
            await x
    return [y async for y in source if await y], {k: v for k, v in b}, {*c}
""",
    "classes and decorators": '''
@first
@second.third(1)[0]
class A(B, C[int], metaclass=M, flag=True):
    """Documented."""

    x: int = 1
    y: "list[int]"
    (z): float
    __slots__ = ()

    @property
    def value(self) -> "A": return self.x

    @(lambda f: f)
    def other(self, *, a: int = 1) -> None: ...
''',
    "statements": """
from __future__ import annotations
import a.b.c as d, e.f
from . import g
from ..h.i import j as k, l
from m import *
def all_of_them():
    global G
    try:
        raise ValueError("x") from None
    except* OSError as error:
        del error, G
    except* KeyError:
        pass
    else:
        assert G, "g"
    finally:
        while True:
            break
        else:
            G = 1
    for i, *j in zip(a, b):
        continue
    with (open(a) as x, open(b)):
        return
""",
    "lambdas": "g = lambda x, /, y=(1, 2), *a, z=lambda: 3, **k: (x, y, a, z, k)\n",
    "deep sum": "total = " + " + ".join(str(i) for i in range(400)) + "\n",
    "no words": "# nothing\n",
}
