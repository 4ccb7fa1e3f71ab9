import { HttpHeaders, HttpResponse, staticFiles, type HttpContext, type Middleware } from '../../http/index.ts'

/** Serves the page and its files; every path that is no file leads to the page, which shows the view of that path. */
export interface ConsolePage {
  /** Answers requests for files. */
  readonly files: readonly Middleware[]
  readonly html: (ctx: HttpContext) => Promise<HttpResponse>
}

/** The page from a folder that was built, or a plain one that says how to build it. */
export function consolePage(path: string, assets: string | undefined): ConsolePage {
  const folder = assets === undefined ? findFolder() : [assets].find(hasPage)
  if (folder === undefined) return { files: [], html: async () => htmlResponse(notBuilt) }
  const { join } = process.getBuiltinModule('node:path')
  const { existsSync } = process.getBuiltinModule('node:fs')
  const hashed = join(folder, 'assets')
  const files = [
    ...(existsSync(hashed)
      ? [
          staticFiles(hashed, {
            prefix: `${path}/assets`,
            immutable: true,
            index: false,
            precompressed: ['br', 'gzip'],
            fallthrough: false,
          }),
        ]
      : []),
    exceptPage(path, staticFiles(folder, { prefix: path, index: false, precompressed: ['br', 'gzip'] })),
  ]
  return { files, html: async () => htmlResponse(await readPage(join(folder, 'index.html'), path)) }
}

/** The page is changed before it is sent, so it is not a file like the others. */
function exceptPage(path: string, files: Middleware): Middleware {
  return (ctx, next) => (ctx.path === `${path}/index.html` || ctx.path.startsWith(`${path}/api/`) ? next() : files(ctx, next))
}

/** Beside the published code, or in the workspace. */
function findFolder(): string | undefined {
  const { dirname, join } = process.getBuiltinModule('node:path')
  const own = dirname(process.getBuiltinModule('node:module').findPackageJSON(import.meta.url) ?? '')
  const places = [join(own, 'dist/console'), join(own, '../console/dist')]
  // Sources go with the page in the workspace: the one beside the built package may be older.
  if (import.meta.filename.endsWith('.ts')) places.reverse()
  return places.find(hasPage)
}

function hasPage(folder: string): boolean {
  return process.getBuiltinModule('node:fs').existsSync(process.getBuiltinModule('node:path').join(folder, 'index.html'))
}

/** The page finds its files and the API below wherever the Console is. */
async function readPage(file: string, path: string): Promise<string> {
  const html = await process.getBuiltinModule('node:fs/promises').readFile(file, 'utf8')
  return html.replace(/<head>/i, `<head>\n    <base href="${path}/" />\n    <meta name="tutti-console" content="${path}" />`)
}

function htmlResponse(html: string): HttpResponse {
  return new HttpResponse(200, new HttpHeaders(['content-type', 'text/html; charset=utf-8', 'cache-control', 'no-cache']), html)
}

const notBuilt = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><title>Console</title></head>
  <body>
    <h1>The Console's page has not been built</h1>
    <p>In the workspace of Tutti, build it with <code>npm run setup</code>; the published package brings it along.</p>
    <p>What it shows can be asked for below <code>api</code> meanwhile.</p>
  </body>
</html>
`
