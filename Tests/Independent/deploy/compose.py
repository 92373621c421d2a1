"""What a compose file says, as JSON: its services, files that it mounts and that are not there, ports open to others."""

import json
import sys
from pathlib import Path

import yaml

path = Path(sys.argv[1])
compose = yaml.safe_load(path.read_text())
missing, open_ports = [], []
for name, service in compose["services"].items():
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        known = (path.parent / source).exists() if source.startswith(".") else source in compose["volumes"]
        if not known:
            missing.append(f"{name}: {source}")
    open_ports += [f"{name}: {port}" for port in service.get("ports", []) if not str(port).startswith("127.0.0.1:")]
    for other in service.get("depends_on", {}):
        if other not in compose["services"]:
            missing.append(f"{name}: service {other}")
build = compose["services"]["serve"]["build"]
if not (path.parent / build["context"] / build["dockerfile"]).exists():
    missing.append("the Dockerfile")
print(json.dumps({"services": compose["services"], "missing": missing, "open_ports": open_ports}, default=str))
