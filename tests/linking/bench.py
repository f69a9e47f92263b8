#!/usr/bin/env python3
"""Measures how fast, in how much memory and to what size `compose build` links, beside `wac compose` and `wac plug`.

    python3 tests/linking/bench.py --compose target/release/compose --wac ~/.cargo/bin/wac [--python VENV] [--npm NPM] [SCENARIO…]

Every figure is a whole process's, median of several runs. `cold` has an empty store and no earlier output; for `one changed` one
component has other bytes than at the last build; `nothing changed` is the build after that. With `--python`, a virtual environment
that has `componentize-py`, two components of 18 MB are linked as well, and with `--npm`, a directory of npm that has `componentize-qjs`,
two in JavaScript of 1 MB. `wac` is `cargo install wac-cli`; without it there are no ratios. `--table` prints the rows of the README's
table at the end. GNU time must be installed.

Each component has two modules, so that 333 are the most that runtimes accept of them in one: larger ones are there to see that they
are refused. (`wac` makes them all the same.)
"""

import argparse, os, shutil, statistics, subprocess, sys, tempfile, time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# name: pattern, components, functions of ballast
SCENARIOS = {
    "chain of 10": ("chain", 10, 380),
    "chain of 100": ("chain", 100, 380),
    "chain of 300": ("chain", 300, 380),
    "chain of 333": ("chain", 333, 380),
    "chain of 1,000": ("chain", 1000, 380),
    "chain of 3,000": ("chain", 3000, 380),
    "tree of 10": ("tree", 10, 380),
    "tree of 100": ("tree", 100, 380),
    "tree of 300": ("tree", 300, 380),
    "tree of 333": ("tree", 333, 380),
    "tree of 1,000": ("tree", 1000, 380),
    "tree of 3,000": ("tree", 3000, 380),
    "50 of 142 KB": ("chain", 50, 8100),
}


def run(command, directory, environment=None):
    """Seconds, peak memory in MB and exit status of a whole process."""
    # A process that Python starts itself would count Python's own memory as its peak.
    with tempfile.TemporaryFile() as log, tempfile.NamedTemporaryFile("r") as peak:
        timed = ["/usr/bin/time", "--quiet", "-f", "%M", "-o", peak.name, *map(str, command)]
        begin = time.perf_counter()
        finished = subprocess.run(timed, cwd=directory, env=environment, stdout=log, stderr=log)
        seconds = time.perf_counter() - begin
        log.seek(0)
        return seconds, int(peak.read().split()[-1]) / 1024, finished.returncode, log.read().decode()


class Measured:
    def __init__(self, runs):
        self.seconds = statistics.median(run[0] for run in runs)
        self.memory = statistics.median(run[1] for run in runs)
        self.failed = next((run[3] for run in runs if run[2] != 0), None)

    def __str__(self):
        if self.failed is not None:
            return f"refused in {self.seconds * 1000:.0f} ms"
        return f"{self.seconds * 1000:.1f} ms, {self.memory:.0f} MB"


def settled():
    """Files that were written a moment ago are not trusted to be at rest."""
    time.sleep(0.12)


def measure(name, directory, changed, other, wac_command, tools):
    """Measures one application; `changed` is a component of it, and `other` what it can be replaced with."""
    cache, output = directory / ".cache", directory / "target/compose/app.wasm"
    environment = {**os.environ, "COMPOSE_CACHE": str(cache)}
    build = [tools.compose, "build", "--quiet"]

    def cold():
        for path in (cache, directory / "target"):
            shutil.rmtree(path, ignore_errors=True)
        (directory / "compose.lock").unlink(missing_ok=True)
        settled()
        return run(build, directory, environment)

    original = changed.read_bytes()
    versions = [other, original]

    def one_changed():
        versions.reverse()
        changed.write_bytes(versions[0])
        settled()
        return run(build, directory, environment)

    def nothing_changed():
        return run(build, directory, environment)

    wac_output = directory / "wac.wasm"
    wac_runs = []

    def beside_wac(measured):
        """Runs in turn with `wac`, so that whatever else the machine does slows both down."""
        runs = []
        for _ in range(tools.runs):
            runs.append(measured())
            if tools.wac:
                wac_runs.append(run([tools.wac, *wac_command, "-o", wac_output], directory))
        return Measured(runs)

    table = {"cold": beside_wac(cold)}
    if table["cold"].failed is None:
        table["one changed"] = beside_wac(one_changed)
        settled()
        run(build, directory, environment)
        table["nothing changed"] = beside_wac(nothing_changed)
        changed.write_bytes(original)
        settled()
        run(build, directory, environment)
    size = output.stat().st_size if output.exists() else 0
    wac = Measured(wac_runs) if wac_runs else None
    wac_size = wac_output.stat().st_size if wac_output.exists() else 0
    report(name, table, size, wac, wac_size)
    if table["cold"].failed:
        print("    " + table["cold"].failed.strip().replace("\n", "\n    "))
    if wac and wac.failed:
        print("    wac: " + wac.failed.strip().splitlines()[-1])
    table["wac"] = wac
    return table


def report(name, table, size, wac, wac_size):
    def ratio(measured):
        if not wac or wac.failed is not None or measured.failed is not None:
            return ""
        return f" ({wac.seconds / measured.seconds:.1f}× as fast, {measured.memory / wac.memory:.2f} of its memory)"

    columns = [f"{what}: {measured}{ratio(measured)}" for what, measured in table.items()]
    print(f"{name}: {size / 1e6:.2f} MB")
    for column in columns:
        print(f"    {column}")
    if wac:
        print(f"    wac: {wac}; {wac_size / 1e6:.2f} MB")
    sys.stdout.flush()


def print_table(tables):
    """The rows of the README's table: milliseconds and megabytes, each with how many times `wac` takes of it."""
    for name, table in tables.items():
        wac, cells = table["wac"], []
        for what in ("cold", "one changed", "nothing changed"):
            measured = table.get(what)
            known = measured and measured.failed is None
            times = f" ({wac.seconds / measured.seconds:.1f}×)" if known and wac and wac.failed is None else ""
            cells.append(f"{measured.seconds * 1000:.0f} ms{times}" if known else "refused")
        memory = f"{table['cold'].memory:.0f} MB"
        if wac and wac.failed is None:
            memory += f" ({table['cold'].memory / wac.memory:.2f})"
            cells.append(f"{wac.seconds * 1000:.0f} ms, {wac.memory:.0f} MB")
        else:
            cells.append("refused" if wac else "")
        print("| " + " | ".join([name, *cells[:3], memory, cells[3]]) + " |")


def network(directory, pattern, count, ballast):
    command = ["cargo", "run", "--quiet", "-p", "compose-tests", "--example", "network", "--"]
    subprocess.run([*command, str(directory), pattern, str(count), str(ballast)], cwd=ROOT, check=True)


def two_components(directory):
    """The world of two components, of which one calls the other, and the application that they are."""
    wit = directory / "wit"
    wit.mkdir(parents=True)
    (wit / "world.wit").write_text(
        "package t:two;\ninterface inner { f: func(n: u32) -> u32; }\ninterface outer { f: func(n: u32) -> u32; }\n"
        "world first { import inner; export outer; }\nworld second { export inner; }\n"
    )
    (directory / "compose.toml").write_text(
        '[components]\nfirst = { path = "first.wasm" }\nsecond = { path = "second.wasm" }\n'
        '[exports]\n"t:two/outer" = "first"\n'
    )
    return wit


def javascript_components(directory, npm):
    """Two components by `componentize-qjs`."""
    wit = two_components(directory)
    bodies = {
        "first": 'import { f } from "t:two/inner";\nexport const outer = { f(n) { return f(n) + 1; } };\n',
        "second": "export const inner = { f(n) { return n * 2; } };\n",
    }
    for world, body in bodies.items():
        (directory / f"{world}.js").write_text(body)
        command = [Path(npm) / "node_modules/.bin/componentize-qjs", "-w", wit, "-j", directory / f"{world}.js", "-n", world]
        command += ["--stub-wasi", "--sync", "--opt-size", "-o", directory / f"{world}.wasm"]
        subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL)


def python_components(directory, venv):
    """Two components by `componentize-py`."""
    wit = two_components(directory)
    bodies = {
        "first": "from wit_world.imports import inner\nclass Outer:\n    def f(self, n: int) -> int:\n        return inner.f(n) + 1\n",
        "second": "class Inner:\n    def f(self, n: int) -> int:\n        return n * 2\n",
    }
    for world, body in bodies.items():
        app = directory / world
        app.mkdir()
        (app / "app.py").write_text(body)
        command = [Path(venv) / "bin/componentize-py", "-d", wit, "-w", world, "componentize", "--stub-wasi", "-p", app, "app"]
        subprocess.run([*map(str, command), "-o", str(directory / f"{world}.wasm")], check=True, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compose", type=Path, required=True)
    parser.add_argument("--wac", type=Path)
    parser.add_argument("--python", type=Path)
    parser.add_argument("--npm", type=Path)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="where the applications are made, and left")
    parser.add_argument("scenarios", nargs="*")
    tools = parser.parse_args()
    tools.compose = tools.compose.resolve()
    tools.wac = tools.wac and tools.wac.resolve()
    place = tools.keep or Path(tempfile.mkdtemp(prefix="linking-"))
    tables = {}
    for name, (pattern, count, ballast) in SCENARIOS.items():
        if tools.scenarios and name not in tools.scenarios:
            continue
        directory = place / f"{pattern}-{count}-{ballast}"
        if not directory.exists():
            network(directory, pattern, count, ballast)
        other = (directory / "other.wasm").read_bytes()
        tables[name] = measure(name, directory, directory / "n1.wasm", other, ["compose", "app.wac"], tools)
    languages = {"Python": (tools.python, python_components), "JavaScript": (tools.npm, javascript_components)}
    for language, (installed, make) in languages.items():
        if not installed or (tools.scenarios and language not in tools.scenarios):
            continue
        directory = place / language
        if not (directory / "second.wasm").exists():
            make(directory, installed)
        original = (directory / "first.wasm").read_bytes()
        # A custom section more makes it another component.
        other = original + b"\0\x05\x04more"
        plug = ["plug", "first.wasm", "--plug", "second.wasm"]
        name = f"two {language} components"
        tables[name] = measure(name, directory, directory / "first.wasm", other, plug, tools)
    if "chain of 100" in tables and "chain of 300" in tables:
        ratio = tables["chain of 300"]["cold"].seconds / tables["chain of 100"]["cold"].seconds
        print(f"a chain of 300 takes {ratio:.1f} times as long as one of 100")
    if tools.table:
        print_table(tables)
    if not tools.keep:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
