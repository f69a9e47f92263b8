#!/usr/bin/env python3
"""Writes the versions of one package as an OCI image layout.

    publish.py LAYOUT NS:NAME VERSION=COMPONENT…

LAYOUT is replaced as a whole. Each version is a CNCF Wasm OCI artifact with the version as its tag. The same components
give the same bytes: nothing in the layout depends on the time or the machine. Needs `wasm-tools` on the PATH.
"""

import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.wasm.config.v0+json"
LAYER = "application/wasm"

# Some readers of the configuration require the field; the epoch says that it means nothing.
CREATED = "1970-01-01T00:00:00Z"


def main(layout, package, versions):
    new = layout.with_name(layout.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    (new / "blobs/sha256").mkdir(parents=True)
    manifests = [publish(new, package, *version.split("=", 1)) for version in versions]
    write_json(new / "oci-layout", {"imageLayoutVersion": "1.0.0"})
    write_json(new / "index.json", {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})
    shutil.rmtree(layout, ignore_errors=True)
    new.rename(layout)


def publish(layout, package, version, component):
    """Adds the three blobs of one version and returns the manifest's descriptor."""
    world = subprocess.run(["wasm-tools", "component", "wit", component], check=True, capture_output=True, text=True)
    layer = add_blob(layout, LAYER, pathlib.Path(component).read_bytes())
    config = {
        "created": CREATED,
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [layer["digest"]],
        "component": {"imports": names("import", world.stdout), "exports": names("export", world.stdout)},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": add_blob(layout, CONFIG, to_json(config)),
        "layers": [layer],
        "annotations": {
            "org.opencontainers.image.title": package,
            "org.opencontainers.image.version": version,
        },
    }
    # A `+` cannot be in a tag.
    tag = version.replace("+", "_")
    return add_blob(layout, MANIFEST, to_json(manifest)) | {
        "annotations": {"org.opencontainers.image.ref.name": tag}
    }


def names(direction, world):
    """The names that the component's world, the first one printed, imports or exports."""
    root = re.search(r"^world root \{\n(.*?)^\}", world, re.MULTILINE | re.DOTALL).group(1)
    return re.findall(rf"^  {direction} ([^ ;]+?)(?:: .*)?;$", root, re.MULTILINE)


def add_blob(layout, media_type, content):
    digest = hashlib.sha256(content).hexdigest()
    (layout / "blobs/sha256" / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def write_json(path, value):
    path.write_bytes(to_json(value))


def to_json(value):
    return json.dumps(value, separators=(",", ":")).encode()


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
