/** Writes THIRD_PARTY_LICENCES.txt into the built page: name, version and licence of every package that is part of it. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const PERMISSIVE = ["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "0BSD"];

/** Licences that a package names in its readme or on its site, but whose text it does not bring. */
const TEXTS: Record<string, string> = {
  "signalsmith-stretch": mit("Copyright (c) 2022 Geraint Luff / Signalsmith Audio Ltd."),
};

function mit(copyright: string): string {
  return `MIT License

${copyright}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
}

/** Every package that the page's own packages need, themselves included, sorted by name. */
function shipped(root: string): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    const about = read(root, name);
    for (const next of Object.keys(about.dependencies ?? {})) visit(next);
  };
  const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Package;
  for (const name of Object.keys(own.dependencies ?? {})) visit(name);
  return [...found].sort();
}

interface Package {
  version: string;
  license?: string;
  dependencies?: Record<string, string>;
}

function read(root: string, name: string): Package {
  return JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")) as Package;
}

function text(root: string, name: string): string {
  const folder = join(root, "node_modules", name);
  const file = existsSync(folder) ? readdirSync(folder).sort().find((one) => /^licen[cs]e/i.test(one)) : undefined;
  const words = file === undefined ? TEXTS[name] : readFileSync(join(folder, file), "utf8");
  if (words === undefined) throw new Error(`${name}: no text of its licence`);
  return words.replaceAll("\r\n", "\n").trim();
}

export function licences(): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle() {
      const root = import.meta.dirname;
      const parts = shipped(root).map((name) => {
        const { version, license = "" } = read(root, name);
        if (!PERMISSIVE.includes(license)) throw new Error(`${name}: licence "${license}" is not on the list`);
        return `${name} ${version} (${license})\n\n${text(root, name)}\n`;
      });
      const source = `The page of msgld studio contains these packages.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
      this.emitFile({ type: "asset", fileName: "THIRD_PARTY_LICENCES.txt", source });
    },
  };
}
