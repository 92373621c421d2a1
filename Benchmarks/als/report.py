"""The tables of bench.py, from its record of runs."""

import json
import statistics


def runs(record):
    return [one for one in read(record) if "system" in one]


def read(record):
    return [json.loads(text) for text in record.read_text().splitlines()] if record.exists() else []


def work(system, solver, shape, rank, epochs):
    """Floating-point operations and gathered bytes of one epoch, by each solver's own algorithm."""
    entries, rows = shape["entries"], shape["users"] + shape["items"]
    if solver in ("cg", "cg-plain"):  # a residual and some steps: a dot and an axpy an entry, and the product with G
        steps = sum(one.get(side, 3) for one in epochs for side in ("user_steps", "item_steps")) / len(epochs)
        dots, axpys, products = steps + 2, steps + 2, steps / 2 + 1
        if system == "marquee":
            axpys = steps  # the last step needs no residual
            if solver == "cg":  # and one row in 16 measures it; two products more a step precondition
                dots, products = steps + 2 / 16, 3 * steps / 2
        return (dots + axpys) * entries * 2 * rank + rows * products * 2 * rank * rank, dots * entries * 4 * rank
    if solver == "exact":  # half a rank-one update an entry, a Cholesky factorisation a row
        return 2 * entries * rank * (rank + 1) + rows * rank**3 / 3, 2 * entries * 4 * rank
    block = min(64, rank)  # as exact in blocks; each block's scores besides
    return 2 * entries * rank * (block + 5) + rows * rank * (block**2 / 3 + 2 * rank), 2 * entries * 8 * rank


class Cell:
    """All runs of one system on one set and rank."""

    def __init__(self, runs):
        self.runs = [one for one in runs if "epochs" in one]
        self.failure = next((one["failure"] for one in runs if "failure" in one), None)

    def mean(self, key):
        """The mean of a run's epochs after the first, which warms up; the median of the runs."""
        later = [run["epochs"][1:] or run["epochs"] for run in self.runs]
        return statistics.median(statistics.mean(epoch[key] for epoch in epochs) for epochs in later)

    @property
    def loss(self):
        """Epochs and loss at the end of the first run, or after six epochs."""
        last = self.runs[0]["epochs"][:6][-1]
        return last["epoch"], last.get("loss")

    def seconds_to(self, target):
        reached = [next((e["total_seconds"] for e in run["epochs"] if e.get("loss", target + 1) <= target), None)
                   for run in self.runs]
        reached = [value for value in reached if value is not None]
        return statistics.median(reached) if reached else None


def show(record):
    everything = read(record)
    text = []
    machines = [one for one in everything if "machine" in one]
    if not machines:
        print("bench: nothing was measured yet")
        return
    peaks = {}
    for one in machines[0]["machine"]:
        peaks.update(one if "kernels" not in one else {"gflop_per_s_core": max(
            one["gflop_per_s_core"], peaks.get("gflop_per_s_core", 0))})
    loads = [one["load"] if "system" in one else one["load"][0] for one in everything]
    text += [
        f"{machines[0]['date']}; load average {min(loads):.1f} to {max(loads):.1f}; {peaks['openblas']}",
        f"Peaks of a core by its processor time: {peaks['gflop_per_s_core']:.0f} GFLOP/s in registers, "
        f"sgemm {peaks['sgemm_gflop_per_s_core']:.0f} GFLOP/s, reading {peaks['read_gb_per_s_core']:.0f} GB/s; "
        f"{peaks['cores']} cores together by the clock: {peaks['sgemm_gflop_per_s']:.0f} and {peaks['read_gb_per_s']:.0f}.",
    ]
    cells = {}
    for one in everything:
        if "system" in one:
            cells.setdefault((one["set"], one["rank"]), {}).setdefault((one["system"], one["solver"]), []).append(one)
    for (name, rank), systems in cells.items():
        text += table(name, rank, {key: Cell(runs) for key, runs in systems.items()}, peaks)
    print("\n".join(text))
    (record.parent / "als.md").write_text("\n".join(text) + "\n")


def table(name, rank, systems, peaks):
    measured = {key: cell for key, cell in systems.items() if cell.runs}
    if not measured:
        return []
    shape = next(iter(measured.values())).runs[0]["shape"]
    # The loss to reach: implicit's CG after three epochs, or our own where it was not run.
    target = None
    for key in [("implicit", "cg"), ("marquee", "cg")]:
        if target is None and key in measured:
            epochs = measured[key].runs[0]["epochs"]
            target = epochs[min(2, len(epochs) - 1)]["loss"] * 1.000001
    ours = measured.get(("marquee", "cg"))
    soonest = ours.seconds_to(target) if ours and target is not None else None
    text = [
        "", f"### {name}, rank {rank}: {shape['users']} × {shape['items']}, {shape['entries']} interactions; "
        f"loss to reach {'–' if target is None else format(target, '.6g')}", "",
        "| system | s/epoch | CPU-s/epoch | × ours, wall | × ours, CPU | loss after epochs | s to the loss | × ours, to the loss | peak MiB | "
        "GFLOP/s a core (of sgemm) | gathered GB/s a core (of reading) | BLAS |", "|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for (system, solver), cell in systems.items():
        if not cell.runs:
            text.append(f"| {system} {solver} | failed: {cell.failure[:80]} |")
            continue
        wall, cpu = cell.mean("seconds"), cell.mean("cpu_seconds")
        flops, gathered = work(system, solver, shape, rank, cell.runs[0]["epochs"][1:] or cell.runs[0]["epochs"])
        epochs, loss = cell.loss
        reached = cell.seconds_to(target) if target is not None else None
        cells = [
            f"{system} {solver}", f"{wall:.3f}", f"{cpu:.3f}",
            f"{wall / ours.mean('seconds'):.1f}" if ours else "–",
            f"{cpu / ours.mean('cpu_seconds'):.1f}" if ours else "–",
            "–" if loss is None else f"{loss:.7g} ({epochs})", "–" if reached is None else f"{reached:.2f}",
            "–" if reached is None or not soonest else f"{reached / soonest:.1f}",
            f"{max(run['peak_bytes'] for run in cell.runs) / 2**20:.0f}",
            f"{flops / cpu / 1e9:.1f} ({flops / cpu / 1e9 / peaks['sgemm_gflop_per_s_core']:.0%})",
            f"{gathered / cpu / 1e9:.1f} ({gathered / cpu / 1e9 / peaks['read_gb_per_s_core']:.0%})",
            ",".join(cell.runs[0]["setting"].values()) or "own choice",
        ]
        text.append("| " + " | ".join(cells) + " |")
    return text
