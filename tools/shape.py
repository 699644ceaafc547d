"""Prints the shape of the C sources: lengths of functions and files, by ctags."""
import json
import pathlib
import shutil
import subprocess

SRC = pathlib.Path(__file__).resolve().parent.parent / "src"


def main():
    if not shutil.which("ctags"):
        print("shape: ctags is not installed")
        return
    files = sorted(p for p in SRC.rglob("*.c") if not p.name.endswith(("_test.c", "_fuzz.c")))
    out = subprocess.run(["ctags", "-L", "-", "--languages=C", "--kinds-C=f", "--fields=+ne", "--output-format=json", "-f", "-"],
                         input="\n".join(map(str, files)), capture_output=True, text=True).stdout
    functions = []
    for line in out.splitlines():
        tag = json.loads(line)
        if "end" in tag:
            functions.append((tag["end"] - tag["line"] + 1, tag["name"], pathlib.Path(tag["path"]).relative_to(SRC)))
    lengths = sorted(f[0] for f in functions)
    lines = sorted(((len(p.read_text().splitlines()), p.relative_to(SRC)) for p in files), reverse=True)
    if not lengths:
        return
    over = sum(1 for n in lengths if n > 60)
    print(f"shape: {len(lengths)} functions, median {lengths[len(lengths) // 2]} lines, 90 % within {lengths[len(lengths) * 9 // 10]}, "
          f"{over} over 60 ({100 * over / len(lengths):.1f} %); {len(files)} files, the longest {lines[0][0]} lines ({lines[0][1]})")
    for n, name, path in sorted(functions, reverse=True)[:5]:
        print(f"       {n:4} lines  {name} in {path}")


main()
