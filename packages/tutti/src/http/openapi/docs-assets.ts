import { isNotModified } from '../conditional.ts'
import type { HttpContext } from '../context.ts'
import { HttpHeaders } from '../headers.ts'
import { HttpResponse } from '../response.ts'
import type { DocsFile } from './docs-files.ts'
import { entityTag } from './docs-site.ts'

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  png: 'image/png',
  html: 'text/html; charset=utf-8',
}

// The page allows no scripts in its markup, so this is a file as well. Nothing is sent to the validator of Swagger's makers.
const script = `'use strict'
const element = document.getElementById('docs')
SwaggerUIBundle({
  domNode: element,
  url: new URL(element.dataset.document, location.href).href,
  oauth2RedirectUrl: new URL(element.dataset.redirect, location.href).href,
  deepLinking: true,
  validatorUrl: null,
  queryConfigEnabled: false,
  displayRequestDuration: true,
  tryItOutEnabled: true,
})
`

const style = `html { box-sizing: border-box; overflow-y: scroll; }
*, *::before, *::after { box-sizing: inherit; }
body { margin: 0; background: #fafafa; }
@media (prefers-color-scheme: dark) { body:has(.dark-mode) { background: #1c2022; } }
`

const own: Readonly<Partial<Record<DocsFile, string>>> = { 'docs.js': script, 'docs.css': style }
const tags = new Map<DocsFile, string>()

/** Answers a file of the page: ours, or Swagger UI's from its package. */
export async function docsAsset(file: DocsFile, ctx: HttpContext): Promise<HttpResponse> {
  const known = tags.get(file)
  if (known !== undefined && isNotModified(ctx, { etag: known })) return new HttpResponse(304, headersOf(file, known), null)
  const content = own[file] ?? (await readPackaged(file))
  const etag = known ?? entityTag(content)
  tags.set(file, etag)
  if (isNotModified(ctx, { etag })) return new HttpResponse(304, headersOf(file, etag), null)
  return new HttpResponse(200, headersOf(file, etag), content)
}

function headersOf(file: DocsFile, etag: string): HttpHeaders {
  const type = types[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
  const headers = ['content-type', type, 'etag', etag, 'cache-control', 'public, max-age=3600', 'x-content-type-options', 'nosniff']
  // The page that an authorization server sends its answer to runs one script of ours, and nothing else.
  return new HttpHeaders(
    file.endsWith('.html')
      ? [...headers, 'content-security-policy', "default-src 'none'; script-src 'self'; frame-ancestors 'none'"]
      : headers,
  )
}

async function readPackaged(file: DocsFile): Promise<Uint8Array> {
  const { dirname, join } = process.getBuiltinModule('node:path')
  const { readFile } = process.getBuiltinModule('node:fs/promises')
  const { createRequire, findPackageJSON } = process.getBuiltinModule('node:module')
  try {
    return await readFile(join(dirname(findPackageJSON(import.meta.url) ?? ''), 'dist/swagger-ui', file))
  } catch (error) {
    if (!isMissing(error)) throw error
    // The published package has the files in it; its sources, before a build, do not. A package is resolved without being loaded.
    return readFile(join(dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')), file))
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
