// What the worker of a live page does: it holds Python (Pyodide) and runs
// cells. live.js turns the text of this function into a worker, because a page
// that was opened from a folder may start one from a Blob, and from no file.
//
// Messages in:  {kind: "start", base, wheels, library}
//               {kind: "plan", id, cells}
//               {kind: "run", id, name, code}
// Messages out: {kind: "progress", data}          what is being loaded
//               {kind: "out" | "err" | "figure", data}   of the running cell
//               {kind: "done", id, data}          the answer to plan and run
//               {kind: "failed" | "crashed", data}   Python is not to be had
window.skipgramLive.worker = function () {
  "use strict";

  const FOLDER = "/live"; // where the library lies, in the worker's memory
  const SIZES = { numpy: "3 MB", scipy: "20 MB", matplotlib: "10 MB" };
  let python, kernel, wheels;
  const asked = new Set();

  const say = (kind, data, id) => self.postMessage({ kind, data, id });

  async function start({ base, wheels: extra, library }) {
    wheels = extra;
    const host = new URL(base).host || base;
    say("progress", `Loading Python from ${host}, 14 MB, once …`);
    self.importScripts(base + "pyodide.js");
    python = await self.loadPyodide({ indexURL: base });
    python.unpackArchive(library, "zip", { extractDir: FOLDER });
    python.runPython(`import sys; sys.path.insert(0, "${FOLDER}")`);
    kernel = python.pyimport("live_kernel");
    kernel.start((kind, data) => say(kind, data));
  }

  // Load a package by its name in imports. What cannot be loaded is missed
  // when the cell imports it, and then the reader is told; so no error here.
  async function load(name) {
    asked.add(name);
    const size = SIZES[name] ? `, ${SIZES[name]}` : "";
    say("progress", `Loading ${name}${size}, once …`);
    const quiet = { messageCallback() {}, errorCallback() {} };
    try {
      if (!(name in wheels)) {
        await python.loadPackagesFromImports(`import ${name}`, quiet);
      } else {
        await python.loadPackage("micropip", quiet);
        await python.pyimport("micropip").install(wheels[name]);
      }
    } catch (error) {
      console.warn(`${name} could not be loaded: ${error.message}`);
    }
  }

  async function run({ name, code }) {
    for (const needed of JSON.parse(kernel.packages_of(code))) {
      if (!asked.has(needed)) await load(needed);
    }
    say("progress", "Running …");
    return JSON.parse(kernel.run(code, name));
  }

  const ready = new Promise((resolve, reject) => {
    self.onmessage = ({ data }) => {
      if (data.kind === "start") start(data).then(resolve, reject);
      else answer(data);
    };
  });

  async function answer(data) {
    try {
      await ready;
      const plan = () => JSON.parse(kernel.plan(data.cells));
      const found = data.kind === "plan" ? plan() : await run(data);
      say("done", found, data.id);
    } catch (error) {
      say(kernel ? "crashed" : "failed", String(error.message || error));
    }
  }
};
