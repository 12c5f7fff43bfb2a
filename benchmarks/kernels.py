"""Time, memory and error of the attention kernels, beside the usual forms and other packages.

Peers and ours run in turn in one process; a ratio is the median of those of the rounds, with
quartiles. What is timed together has agreed to 1e-4 before.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, scaled_dot_product_attention

from benchmarks.additive_forms import FORMS, KERAS, OURS, USUAL, WEIGHTLESS, Form, make_sides
from benchmarks.peak_memory import is_measurable, measure
from benchmarks.race import Run, median_time, race, ratio
from benchmarks.table import Row
from regard.attention import Additive, Attention, LocalPredictive, MultiHead
from regard.attention.kernels import (
    Reach,
    additive_attention,
    additive_attention_and_weights,
    additive_score,
    choose,
    dot_attention,
    exponentials,
)

__all__ = ["run"]

_Shape = tuple[int, int, int, int]  # B, Q, K, A

_DECODER: _Shape = (64, 1, 200, 256)
_LONGEST: _Shape = (2, 2048, 2048, 64)
_SHAPES: tuple[_Shape, ...] = ((16, 128, 128, 128), (4, 512, 512, 64), _DECODER, _LONGEST)
_QUICK: tuple[_Shape, ...] = ((2, 128, 128, 64),)
_STEPS = 10
_WINDOW = 128
_LENGTHS, _QUICK_LENGTHS = (4096, 16384), (512, 2048)


def run(*, quick: bool = False) -> list[Row]:
    """Every figure; quick: of small shapes, where none counts."""
    shapes = _QUICK if quick else _SHAPES
    short, long = _QUICK_LENGTHS if quick else _LENGTHS
    parts: list[Callable[[], list[Row]]] = [
        # first, while this process is small: each case is a process of its own beside it
        lambda: [_memory((1, 512, 512, 64) if quick else _LONGEST)],
        *(partial(_forward, shape) for shape in shapes),
        *(partial(_training, shape) for shape in shapes),
        lambda: [_decoder_steps()],
        lambda: _sliding_dot(short, long),
        lambda: _windows(short, long),
        lambda: [_error(shapes, extreme=extreme) for extreme in (False, True)],
        lambda: _multi_head((2, 64, 64, 8) if quick else (8, 256, 256, 8)),
        lambda: _without_weights((2, 64, 64, 8) if quick else (8, 512, 512, 8)),
    ]
    rows: list[Row] = []
    for part in parts:
        for row in part():
            print(f"{row.what}: {row.peers} | {row.asked} | {row.ours}", flush=True)
            rows.append(row)
    return rows


def _forward(shape: _Shape) -> list[Row]:
    forms = {name: FORMS[name](make_sides(shape)) for name in (USUAL, KERAS, OURS, WEIGHTLESS)}
    times = race({name: _evaluating(form) for name, form in forms.items()})
    return [_against(f"additive attention, forward, {_told(shape)}", times, (USUAL, KERAS), 30)]


def _training(shape: _Shape) -> list[Row]:
    forms = {name: FORMS[name](make_sides(shape)) for name in (USUAL, KERAS, OURS, WEIGHTLESS)}
    runs: dict[str, Run] = {name: _training_run(form) for name, form in forms.items()}
    compiled, failed = {}, []
    torch.compiler.reset()  # else the size of the next shape counts as one that varies
    for peer in (USUAL, KERAS):
        form = forms[peer]
        again = _training_run(form._replace(forward=torch.compile(form.forward, dynamic=False)))
        try:
            again()
        except Exception as error:  # whatever the compiler is missing
            failed.append(f"{peer} does not compile here ({type(error).__name__})")
        else:
            compiled[peer] = f"{peer} compiled"
            runs[compiled[peer]] = again
    times = race(runs)
    what = f"additive attention, forward and backward, {_told(shape)}"
    rows = [_against(what, times, (USUAL, KERAS), 15)]
    if compiled:
        best = [
            min((name, compiled.get(name, name)), key=lambda name: median(times[name]))
            for name in (USUAL, KERAS)
        ]
        peers = (USUAL, KERAS, *compiled.values())
        row = _against(f"{what}, best of eager and torch.compile", times, best, 8, peers=peers)
        rows.append(row)
    if failed:
        rows.append(Row(f"{what}, torch.compile", "; ".join(failed), "≥ 8 x", "not compared"))
    return rows


def _memory(shape: _Shape) -> Row:
    what = f"memory of forward and backward beyond inputs and outputs, additive, {_told(shape)}"
    asked = "< 128 MB, without weights < 16 MB"
    if not is_measurable():
        return Row(what, "", asked, "not measured: this system does not say it")
    used = {name: measure(name, shape).megabytes for name in (USUAL, KERAS, OURS, WEIGHTLESS)}
    return Row(
        what,
        f"{USUAL} {used[USUAL]:,.0f} MB; {KERAS} {used[KERAS]:,.0f} MB",
        asked,
        f"{used[OURS]:.1f} MB, without weights {used[WEIGHTLESS]:.1f} MB",
        used[OURS] < 128 and used[WEIGHTLESS] < 16,
    )


def _decoder_steps() -> Row:
    """Steps one after the other, as a decoder takes them, each with a query of its own."""
    _, keys, values, vector = sides = make_sides(_DECODER)
    B, _, _, A = _DECODER
    queries = [torch.randn(B, 1, A, generator=_generator()) for _ in range(_STEPS)]
    keys_exp = exponentials(keys)
    usual = FORMS[USUAL](sides).forward

    def steps(step: Callable[[Tensor], Tensor]) -> Run:
        return _inference(lambda: tuple(step(query) for query in queries))

    def ours(query: Tensor) -> Tensor:
        return additive_attention_and_weights(query, keys, values, vector, keys_exp=keys_exp)[0]

    runs = {
        USUAL: steps(lambda query: usual(query, keys, values, vector)[0]),
        OURS: steps(ours),
        WEIGHTLESS: steps(
            lambda query: additive_attention(query, keys, values, vector, keys_exp=keys_exp)
        ),
    }
    what = f"{_STEPS} steps of a decoder, additive, keys prepared, {_told(_DECODER)}"
    return _against(what, race(runs), (USUAL,), 3)


def _sliding_dot(short: int, long: int) -> list[Row]:
    what = f"window of {_WINDOW} keys and its own, dot product, 8 heads of 64, forward and backward"
    # the peer's "exact" window of 128 is 128 keys before the query's own
    reach = Reach(_WINDOW, 0)

    def ours(length: int) -> Run:
        sides = _sequence(1, 8, length, 64)

        def forward(query: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, ...]:
            return (dot_attention(query * 64**-0.5, keys, values, reach=reach),)

        return _training_run(Form(forward, sides))

    growing = _growth(what, {f"{length}": ours(length) for length in (short, long)}, asked=4.5)
    try:
        from local_attention import LocalAttention
    except ImportError:
        return [Row(what, "local-attention is not installed", "≥ 1.5 x", "not compared"), growing]
    peer = LocalAttention(
        window_size=_WINDOW,
        causal=True,
        look_backward=1,
        look_forward=0,
        exact_windowsize=True,
        autopad=True,
        use_rotary_pos_emb=False,
        dropout=0.0,
    )
    theirs = Form(lambda *sides: (peer(*sides),), _sequence(1, 8, long, 64))
    times = race({"local-attention": _training_run(theirs), OURS: ours(long)})
    compared = _against(f"{what}, {long} steps, {_threads()}", times, ("local-attention",), 1.5)
    return [compared, growing]


def _windows(short: int, long: int) -> list[Row]:
    """Additive scores through windows, which have no peer."""
    vector = make_sides((1, 1, 1, 64))[-1]
    predicted = Attention(
        Additive(64, 64, 64), window=LocalPredictive(64, query_dim=64, hidden_dim=64)
    )

    def sliding(*sides: Tensor) -> tuple[Tensor, ...]:
        query, keys, values, vector = sides
        reach = Reach(_WINDOW - 1, 0)
        return (additive_attention(query, keys, values, vector, reach=reach),)

    def predictive(*sides: Tensor) -> tuple[Tensor, ...]:
        return (predicted(*sides, need_weights=False).context,)

    with_vector, without = {}, {}
    for length in (short, long):
        sides = _sequence(1, length, 64)
        with_vector[f"{length}"] = _training_run(Form(sliding, (*sides, vector)))
        without[f"{length}"] = _training_run(Form(predictive, sides))
    return [
        _growth(f"window of {_WINDOW} keys, additive, A = 64, forward and backward", with_vector),
        _growth("local-p of radius 64, additive, A = 64, forward and backward", without),
    ]


def _growth(what: str, runs: Mapping[str, Run], asked: float | None = None) -> Row:
    """The time of the longer of two against that of the shorter."""
    times = race(runs, agree=False)
    short, long = times
    grown = ratio(times[long], times[short])
    return Row(
        f"{what}, {long} steps against {short}, {_threads()}",
        "",
        "" if asked is None else f"≤ {asked} x the time",
        f"{median_time(times[short])}, {median_time(times[long])}: {grown} x",
        None if asked is None else grown.median <= asked,
    )


def _error(shapes: tuple[_Shape, ...], *, extreme: bool) -> Row:
    """Scores and gradients against float64, the largest over the shapes, at few cases of each."""
    names = ("scores", "query", "keys", "vector")
    worst, usual = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    for shape in shapes:
        query, keys, _, vector = (side.detach() for side in make_sides(shape))
        kernel = choose(query, keys)  # that of all cases
        cases = max(1, (1 << 23) // (shape[1] * shape[2] * shape[3]))
        query, keys = query[:cases], keys[:cases]
        if extreme:
            signs = 100 * torch.sign(torch.randn(shape[3], generator=_generator()))
            query, keys = query + signs, keys - signs
        grad = torch.randn(*query.shape[:2], shape[2], generator=_generator())
        sides = [side.requires_grad_() for side in (query, keys, vector)]
        scores = additive_score(*sides, kernel=kernel)
        found = (scores, *torch.autograd.grad(scores, sides, grad))
        true = _by_formula(sides, grad, torch.float64)
        for errors, parts in ((worst, found), (usual, _by_formula(sides, grad, torch.float32))):
            for name, part, other in zip(names, parts, true, strict=True):
                error = float((part.detach() - other).abs().max() / other.abs().max())
                errors[name] = max(errors[name], error)
    inputs = "of magnitude 100, opposite in sign" if extreme else "drawn from a normal distribution"
    told = [
        ", ".join(f"{name} {error:.1e}" for name, error in errors.items())
        for errors in (usual, worst)
    ]
    return Row(
        f"error of additive scores and gradients against float64, of the largest, inputs {inputs}",
        f"{USUAL} in float32, 128 queries at a time: {told[0]}",
        "≤ 1e-6",
        told[1],
        max(worst.values()) <= 1e-6,
    )


def _by_formula(sides: Sequence[Tensor], grad: Tensor, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """Scores and gradients, some queries at a time: all at once would be gigabytes."""
    own = [side.detach().to(dtype, copy=True).requires_grad_() for side in sides]
    query, keys, vector = own
    scores = []
    for at in range(0, query.shape[1], 128):
        rows = slice(at, at + 128)
        part = torch.tanh(query[:, rows, None] + keys[:, None]) @ vector
        part.backward(grad[:, rows].to(dtype))  # type: ignore[no-untyped-call]
        scores.append(part.detach())
    gradients = [side.grad for side in own if side.grad is not None]
    return torch.cat(scores, 1), *gradients


def _multi_head(sizes: _Shape) -> list[Row]:
    """`MultiHead` with its weights beside torch's module."""
    B, T, width, heads = sizes
    theirs = nn.MultiheadAttention(width, heads, batch_first=True)
    ours = MultiHead.from_torch(theirs)

    def peer(side: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
        context, weights = theirs(side, side, side, need_weights=True, average_attn_weights=False)
        return context, weights

    def own(side: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
        context, weights = ours(side, side)
        return context, weights

    (side,) = _sequence(B, T, width, count=1)
    forms = {
        "nn.MultiheadAttention": Form(peer, (side, *theirs.parameters())),
        OURS: Form(own, (side, *ours.parameters())),
    }
    what = f"MultiHead with weights, {B} x {T} steps, {width} wide, {heads} heads"
    return _both_ways(what, forms, 1.0, spread=True)


def _without_weights(sizes: _Shape) -> list[Row]:
    """`MultiHead` without its weights beside the same projections and SDPA, called by hand."""
    B, T, width, heads = sizes
    ours = MultiHead(heads, width)
    projections = (ours.query_projection, ours.key_projection, ours.value_projection)
    last = ours.output_projection

    def peer(side: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
        query, keys, values = (
            linear(side, each.weight, each.bias).view(B, T, heads, -1).transpose(1, 2)
            for each in projections
        )
        context = scaled_dot_product_attention(query, keys, values)
        joined = context.transpose(1, 2).reshape(B, T, width)
        return (linear(joined, last.weight, last.bias),)

    def own(side: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
        return (ours(side, side, need_weights=False).context,)

    (side,) = _sequence(B, T, width, count=1)
    sides = (side, *ours.parameters())
    forms = {"SDPA by hand": Form(peer, sides), OURS: Form(own, sides)}
    what = f"MultiHead without weights, {B} x {T} steps, {heads} heads of {width // heads}"
    return _both_ways(what, forms, 0.95)


def _both_ways(
    what: str, forms: dict[str, Form], asked: float, *, spread: bool = False
) -> list[Row]:
    """A row for inference and one for training, of the first form against ours."""
    rows = []
    for way, call in (("forward", _evaluating), ("forward and backward", _training_run)):
        runs: dict[str, Run] = {name: call(form) for name, form in forms.items()}
        # parameters in an order of their own
        peer, *_ = times = race(runs, agree=call is _evaluating)
        told = f"{what}, {way}, {_threads()}"
        rows.append(_against(told, times, (peer,), asked, spread=spread))
    return rows


def _against(
    what: str,
    times: dict[str, list[float]],
    against: Sequence[str],
    asked: float,
    *,
    peers: Sequence[str] = (),
    spread: bool = False,
) -> Row:
    """How many times as fast ours are as each of the peers.

    Parameters:
        against: the peers that ours are held to.
        peers: all whose times are told; those, when empty.
        spread: whether the upper quartile is enough.
    """
    ratios = [ratio(times[peer], times[OURS]) for peer in against]
    told = _ratios(times, OURS, against)
    if WEIGHTLESS in times:
        told = f"{told}; without weights {_ratios(times, WEIGHTLESS, against)}"
    return Row(
        what,
        "; ".join(f"{peer} {median_time(times[peer])}" for peer in peers or against),
        f"≥ {asked} x" + (", within the spread" if spread else ""),
        told,
        all((each.high if spread else each.median) >= asked for each in ratios),
    )


def _ratios(times: dict[str, list[float]], own: str, against: Sequence[str]) -> str:
    each = (f"{ratio(times[peer], times[own])} x {peer}" for peer in against)
    return f"{median_time(times[own])}: {', '.join(each)}"


def _evaluating(form: Form) -> Run:
    return _inference(lambda: form.forward(*form.sides))


def _training_run(form: Form) -> Run:
    """The context and the gradients of all sides, from one that is the same for all forms."""
    grad = torch.randn(form.sides[0].shape, generator=_generator())  # contexts are as queries

    def run() -> tuple[Tensor, ...]:
        context, *_ = form.forward(*form.sides)
        return (context, *torch.autograd.grad(context, form.sides, grad))

    return run


def _inference(run: Run) -> Run:
    return torch.no_grad()(run)


def _sequence(*shape: int, count: int = 3) -> tuple[Tensor, ...]:
    generator = _generator()
    sides = [torch.randn(*shape, generator=generator) for _ in range(count)]
    return tuple(side.requires_grad_() for side in sides)


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def _told(shape: _Shape) -> str:
    return f"(B, Q, K, A) = {shape}, {_threads()}"


def _threads() -> str:
    return f"{torch.get_num_threads()} threads"
