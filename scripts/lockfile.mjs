// Keeps package-lock.json good for every platform and registry: `node scripts/lockfile.mjs` mends it after an update.
// npm writes the hosts it downloaded from, and leaves out native parts for other platforms that its registry lacks;
// `npm ci` then refuses the lockfile everywhere.
import { readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PLATFORM_PART =
  /(?:^|[/-])(?<os>android|darwin|freebsd|linux|openharmony|win32)-(?<cpu>arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?:-(?<abi>[a-z]+))?$/

/** The lockfile with an entry for every native part that an entry asks for, and without hosts. */
export function completeLockfile(lockfile) {
  const packages = { ...lockfile.packages }
  for (const [path, entry] of Object.entries(packages)) {
    if (/^https?:/.test(entry.resolved ?? '')) delete entry.resolved
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const part = PLATFORM_PART.exec(name)?.groups
      if (part === undefined || isListed(packages, path, name)) continue
      packages[`node_modules/${name}`] = {
        version,
        cpu: [part.cpu],
        ...(entry.dev === true && { dev: true }),
        ...(part.os === 'linux' && part.abi?.startsWith('musl') && { libc: ['musl'] }),
        ...(part.os === 'linux' && part.abi?.startsWith('gnu') && { libc: ['glibc'] }),
        optional: true,
        os: [part.os],
      }
    }
  }
  return { ...lockfile, packages: sorted(packages) }
}

/** What `npm ci` on some platform or registry would stumble over, in words; empty for a good lockfile. */
export function lockfileProblems(lockfile) {
  return Object.entries(lockfile.packages).flatMap(([path, entry]) => [
    ...(/^https?:/.test(entry.resolved ?? '') ? [`${path} names a host`] : []),
    ...Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => PLATFORM_PART.test(name) && !isListed(lockfile.packages, path, name))
      .map((name) => `${name}, wanted by ${path}, is not listed`),
  ])
}

/** Looks for a package as Node would: beside the one that asks, then up to the root. */
function isListed(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`] !== undefined) return true
    if (folder === '') return false
  }
}

function sorted(packages) {
  return Object.fromEntries(Object.entries(packages).toSorted(([a], [b]) => a.localeCompare(b, 'en')))
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const file = join(dirname(dirname(fileURLToPath(import.meta.url))), 'package-lock.json')
  const before = readFileSync(file, 'utf8')
  const after = `${JSON.stringify(completeLockfile(JSON.parse(before)), undefined, 2)}\n`
  writeFileSync(file, after)
  console.log(before === after ? 'package-lock.json is complete.' : 'package-lock.json was completed.')
}
