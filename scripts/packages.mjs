// The packages of this workspace that are published.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The public packages: `{ name, folder, manifest }`, where `folder` is absolute, each behind those that it needs. */
export function publicPackages() {
  const manifests = globSync(['packages/*/package.json', 'adapters/*/package.json'], { cwd: root })
  return manifests
    .map((file) => ({ folder: join(root, dirname(file)), manifest: JSON.parse(readFileSync(join(root, file), 'utf8')) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ folder, manifest }) => ({ name: manifest.name, folder, manifest }))
    .reduce(placed, [])
}

/** Adds a package in front of the first one that needs it. */
function placed(ordered, added) {
  const at = ordered.findIndex(({ manifest }) => added.name in { ...manifest.dependencies, ...manifest.peerDependencies })
  return ordered.toSpliced(at < 0 ? ordered.length : at, 0, added)
}
