"""The workspace's rust-version must be the highest among the dependencies of the published crates, no less and no more."""
import json
import subprocess
import sys

meta = json.loads(subprocess.check_output(["cargo", "metadata", "--format-version", "1", "--all-features", "--locked"]))
packages = {package["id"]: package for package in meta["packages"]}
nodes = {node["id"]: node for node in meta["resolve"]["nodes"]}
members = [packages[i] for i in meta["workspace_members"]]
published = [p["id"] for p in members if p["publish"] is None]


def version(text):
    return tuple(int(part) for part in (text.split(".") + ["0", "0"])[:3])


seen, todo = set(), list(published)
while todo:
    node = todo.pop()
    if node in seen:
        continue
    seen.add(node)
    for dep in nodes[node]["deps"]:
        if any(kind["kind"] in (None, "build") for kind in dep["dep_kinds"]):
            todo.append(dep["pkg"])

outside = [packages[i] for i in seen if i not in meta["workspace_members"] and packages[i]["rust_version"]]
highest = max(outside, key=lambda p: version(p["rust_version"]))
stated = {p["rust_version"] for p in members}
print(f"stated: {', '.join(sorted(stated))}; highest: {highest['rust_version']} ({highest['name']} {highest['version']})")
if len(stated) != 1 or version(stated.pop()) != version(highest["rust_version"]):
    sys.exit("rust-version in Cargo.toml is not the highest among the dependencies")
