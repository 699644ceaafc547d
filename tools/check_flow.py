"""Checks src/FLOW: each room includes only what stands above it and what its line allows."""
import pathlib
import re
import sys

SRC = pathlib.Path(__file__).resolve().parent.parent / "src"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([a-z0-9_]+)/', re.M)


def read_flow():
    rooms = {}
    for line in (SRC / "FLOW").read_text().splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        room, _, allowed = line.partition(":")
        words = allowed.split()
        rooms[room] = set(rooms) if words == ["*"] else set(words)
    return rooms


def main():
    rooms, wrong, files = read_flow(), [], 0
    order = list(rooms)
    for room, allowed in rooms.items():
        late = [other for other in allowed if other not in rooms or order.index(other) >= order.index(room)]
        wrong += [f"FLOW: {room} allows {other}, which does not stand above it" for other in late]
    for path in sorted(SRC.rglob("*")):
        if path.suffix not in (".c", ".h", ".cc", ".def") or path.parent == SRC:
            continue
        room = path.relative_to(SRC).parts[0]
        files += 1
        if room not in rooms:
            wrong.append(f"{path.relative_to(SRC)}: {room} has no line in FLOW")
            continue
        for included in INCLUDE.findall(path.read_text(errors="replace")):
            if included != room and included not in rooms[room] and included in rooms:
                wrong.append(f"{path.relative_to(SRC)}: {room} must not include {included}")
    print("\n".join(wrong))
    print(f"{files - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


sys.exit(main())
