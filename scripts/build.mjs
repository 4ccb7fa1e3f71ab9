// npm run build [-- package …]: builds every public package, or those that are named, from its sources into a new `dist`, and looks that
// nothing is missing.
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { bundle } from './bundle.mjs'
import { buildConsole } from './console.mjs'
import { publicPackages, root } from './packages.mjs'

/**
 * Files of other packages that are published within ours: Swagger UI brings an install script that reports to its makers,
 * which nobody who installs Tutti asked for.
 */
const assets = {
  tutti: [
    {
      from: 'swagger-ui-dist',
      to: 'dist/swagger-ui',
      files: [
        'swagger-ui-bundle.js',
        'swagger-ui.css',
        'favicon-32x32.png',
        'oauth2-redirect.html',
        'oauth2-redirect.js',
        'LICENSE',
        'NOTICE',
      ],
    },
  ],
}

function copyAssets({ name, folder }) {
  for (const { from, to, files } of assets[name] ?? []) {
    const source = dirname(createRequire(import.meta.url).resolve(`${from}/package.json`))
    mkdirSync(join(folder, to), { recursive: true })
    for (const file of files) copyFileSync(join(source, file), join(folder, to, file))
  }
}

/** The Console's page, within the package that serves it. */
async function copyConsole({ name, folder }) {
  if (name !== 'tutti') return
  await buildConsole(root)
  // The manifest of what was built is for our tests alone.
  cpSync(join(root, 'packages/console/dist'), join(folder, 'dist/console'), { recursive: true, filter: (file) => !file.endsWith('.vite') })
}

/** The files that the package's `exports` name and that do not exist. */
export function missingFiles({ folder, manifest }) {
  const files = (target) => (typeof target === 'string' ? [target] : Object.values(target ?? {}).flatMap(files))
  return files(manifest.exports).filter((file) => !existsSync(join(folder, file)))
}

/** Builds one package: types by the compiler, JavaScript by the bundler. False where the compiler found errors, which it has printed. */
export async function build(package_) {
  const { folder } = package_
  // Left-overs of deleted sources would be published with the rest.
  rmSync(join(folder, 'dist'), { recursive: true, force: true })
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
  const command = [compiler, '-p', join(folder, 'tsconfig.build.json'), '--emitDeclarationOnly']
  const { status } = spawnSync(process.execPath, command, { stdio: 'inherit', cwd: root })
  await bundle(package_)
  return status === 0
}

if (process.argv[1] === import.meta.filename) {
  const named = process.argv.slice(2)
  for (const package_ of publicPackages()) {
    if (named.length > 0 && !named.includes(package_.name)) continue
    const built = await build(package_)
    if (built) copyAssets(package_)
    if (built) await copyConsole(package_)
    const missing = missingFiles(package_)
    for (const file of missing) console.error(`${package_.name}: exports names ${file}, which does not exist`)
    if (!built || missing.length > 0) process.exitCode = 1
    else console.log(`${package_.name}: built in ${relative(root, join(package_.folder, 'dist'))}`)
  }
}
