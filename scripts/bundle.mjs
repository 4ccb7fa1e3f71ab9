// Bundles the JavaScript of a package: one file for each of its `exports`, and chunks for what they share and what is loaded later.
// A hundred small modules take Node 30 ms longer to load than the few files that come out of this.
import { rmSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { rolldown } from 'rolldown'
import { publicPackages } from './packages.mjs'

/** The source file of each export, by the path of the file that is published, without `dist/` and `.js`. */
function entries({ folder, manifest }) {
  const targets = Object.values(manifest.exports).filter((target) => typeof target === 'object')
  return Object.fromEntries(
    targets.map((target) => [relative('dist', target.default).replace(/\.js$/, ''), join(folder, target['@tutti/source'])]),
  )
}

/** The modules that whoever imports the package itself loads at once. */
function loadedAtOnce({ output }) {
  const chunks = new Map(output.filter(({ type }) => type === 'chunk').map((chunk) => [chunk.fileName, chunk]))
  const found = new Set()
  const follow = (fileName) => {
    const chunk = chunks.get(fileName)
    if (chunk === undefined || found.has(chunk)) return
    found.add(chunk)
    chunk.imports.forEach(follow)
  }
  follow('index.js')
  return new Set([...found].flatMap((chunk) => chunk.moduleIds))
}

/** Writes the bundled files into `dist`; what comes from other packages stays outside. */
export async function bundle(package_) {
  const { folder } = package_
  const input = entries(package_)
  if (Object.keys(input).length === 0) return
  rmSync(join(folder, 'dist/chunks'), { recursive: true, force: true })
  const result = await rolldown({
    input,
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    platform: 'node',
    // A warning is a fault in the sources: what is published must not depend on somebody reading it.
    onLog: (level, log, print) => print(level === 'warn' ? 'error' : level, log),
  })
  const options = {
    dir: join(folder, 'dist'),
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    sourcemap: true,
    // Comments are in the types and the sources. One character beyond ASCII would have V8 hold and read a file in two bytes for each.
    comments: false,
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: false, asciiOnly: true } },
  }
  // Left to itself the bundler cuts what is loaded at once into a dozen pieces, because what is loaded later needs some of them.
  const atOnce = loadedAtOnce(await result.generate(options))
  await result.write({ ...options, codeSplitting: { groups: [{ name: 'core', test: (id) => atOnce.has(id) }] } })
  await result.close()
}

// By itself for benchmarks of what is published, which need no types.
if (process.argv[1] === import.meta.filename) {
  for (const package_ of publicPackages()) await bundle(package_)
}
