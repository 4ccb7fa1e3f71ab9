import { relative, sep } from 'node:path'
import { watch } from 'chokidar'

const ignoredFolders = new Set(['node_modules', 'dist', 'coverage', 'test'])
const sources = /\.(?:[cm]?[jt]s|json|sql|html|graphql|proto)$|(?:^|\/)\.env(?:\.[\w-]+)?$/
/** Editors write a file in several steps, and several files at once, in milliseconds. */
const settled = 20

/** Calls back with the file once sources have changed. Resolves when it watches; dispose of it in the end. */
export async function watchSources(folders: readonly string[], onChange: (file: string) => void): Promise<AsyncDisposable> {
  const [root = '.'] = folders
  const watcher = watch([...folders], {
    ignoreInitial: true,
    ignored: (path, stats) => {
      const parts = relative(root, path).split(sep)
      if (parts.some((part) => ignoredFolders.has(part) || (part.startsWith('.') && part !== '..' && !part.startsWith('.env')))) return true
      return stats?.isFile() === true && !sources.test(path)
    },
  })
  let timer: NodeJS.Timeout | undefined
  watcher.on('all', (_, path) => {
    clearTimeout(timer)
    timer = setTimeout(() => onChange(relative(root, path)), settled)
  })
  await new Promise((resolve, reject) => watcher.once('ready', () => resolve(undefined)).once('error', reject))
  return {
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      await watcher.close()
    },
  }
}
