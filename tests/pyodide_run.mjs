// node pyodide_run.mjs FILES PROJECT: run the cells of a notebook in Pyodide, Python for browsers, as one would there.
//
//     in     a JSON list of the cells' code
//     out    a JSON list of {printed, error, seconds}, after whatever else is printed, as the last line
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [files, project] = process.argv.slice(2);
const pyodide = path.join(path.resolve(files), "pyodide") + "/";
const { loadPyodide } = await import(pathToFileURL(pyodide + "pyodide.mjs").href);
const python = await loadPyodide({ indexURL: pyodide, env: { MPLBACKEND: "agg", HOME: "/home/pyodide" } });
await python.loadPackage(["numpy", "pillow", "matplotlib"], { messageCallback: () => {} });
for (const [place, root] of [["/files", files], ["/project", project]]) {
  python.FS.mkdir(place);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: path.resolve(root) }, place);
}
python.globals.set("cells", fs.readFileSync(0, "utf8"));
console.log("\n" + await python.runPythonAsync(`
import builtins, contextlib, glob, io, json, os, sys, time, traceback
from pyodide.code import eval_code

sys.path[:0] = ["/project", *glob.glob("/files/*.whl")]
os.makedirs("/work")
os.chdir("/work")  # learners' functions are kept here
names, results = {"__name__": "__main__"}, []

def display(*values):  # draw it, as a page would
    for value in values:
        for kind in ("_repr_png_", "_repr_jpeg_", "_repr_html_", "_repr_markdown_"):
            if callable(draw := getattr(value, kind, None)):
                with contextlib.suppress(NotImplementedError):
                    draw()

builtins.display = display
for code in json.loads(cells):
    printed, error, start = io.StringIO(), None, time.time()
    with contextlib.redirect_stdout(printed):
        try:
            display(eval_code(code, names))
        except BaseException:
            error = traceback.format_exc()
    results.append({"printed": printed.getvalue(), "error": error, "seconds": time.time() - start})
json.dumps(results)
`));
process.exit();
