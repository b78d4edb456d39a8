// Builds dist/ from src/: one script, one style, the page, and the licences of what is bundled.
// With --check: fails if dist/ is not what src/ makes.

import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";

const folder = new URL("dist/", import.meta.url);
const bundled = await build({
  entryPoints: ["src/main.tsx"],
  outfile: "dist/page.js",
  absWorkingDir: new URL(".", import.meta.url).pathname,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome100", "firefox104", "safari15"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  metafile: true,
  write: false,
});

const text = (ending) => bundled.outputFiles.find((file) => file.path.endsWith(ending)).text;
const files = {
  "page.html": await readFile(new URL("src/page.html", import.meta.url), "utf8"),
  "page.js": text(".js"),
  "page.css": text(".css"),
  "LICENSES.txt": await licences(Object.keys(bundled.metafile.inputs)),
};

if (process.argv.includes("--check")) {
  for (const [name, made] of Object.entries(files)) {
    if ((await readFile(new URL(name, folder), "utf8")) !== made) {
      console.error(`dist/${name} is not what src/ makes: run \`npm run build\``);
      process.exit(1);
    }
  }
} else {
  await mkdir(folder, { recursive: true });
  for (const [name, made] of Object.entries(files)) {
    await writeFile(new URL(name, folder), made);
    console.log(`dist/${name}: ${made.length} bytes`);
  }
}

async function licences(inputs) {
  const names = new Set(inputs.map((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean));
  const texts = [...names].sort().map(async (name) => {
    const folder = new URL(`node_modules/${name}/`, import.meta.url);
    const { version } = JSON.parse(await readFile(new URL("package.json", folder), "utf8"));
    const licence = await readFile(new URL("LICENSE", folder), "utf8");
    return `${name} ${version}\n\n${licence.trim()}\n`;
  });
  return `The page of blockfold's dashboard contains these libraries.\n\n${(await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`)}`;
}
