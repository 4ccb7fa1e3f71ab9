import type { HttpContext } from '../context.ts'
import { isNotModified } from '../conditional.ts'
import { HttpHeaders } from '../headers.ts'
import { HttpResponse } from '../response.ts'
import type { OpenApiDocument, OpenApiServer } from './types.ts'

/** Text with what HTML reads as markup written out. */
const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)

/** The document and the page, made once and answered to every request. */
export class DocsSite {
  readonly #json: string
  readonly #etag: string
  readonly #html: string
  readonly #policy: string
  readonly #path: string

  constructor({ document, path, json }: { readonly document: OpenApiDocument; readonly path: string; readonly json: string }) {
    this.#json = JSON.stringify(document)
    this.#etag = entityTag(this.#json)
    this.#path = path
    this.#html = html({ title: document.info.title, base: path.slice(path.lastIndexOf('/') + 1), json: relative(path, json) })
    this.#policy = policy(document)
  }

  json(ctx: HttpContext): HttpResponse {
    const headers = new HttpHeaders(['content-type', 'application/json', 'cache-control', 'no-cache', 'etag', this.#etag])
    if (isNotModified(ctx, { etag: this.#etag })) return new HttpResponse(304, headers, null)
    return new HttpResponse(200, headers, this.#json)
  }

  page(ctx: HttpContext): HttpResponse {
    // The page refers to its files from the folder that it is in; behind a slash that would be another one.
    if (ctx.path !== this.#path)
      return new HttpResponse(308, new HttpHeaders(['location', `../${this.#path.slice(this.#path.lastIndexOf('/') + 1)}`]), null)
    const headers = ['content-type', 'text/html; charset=utf-8', 'cache-control', 'no-cache', 'content-security-policy', this.#policy]
    return new HttpResponse(
      200,
      new HttpHeaders([...headers, 'x-content-type-options', 'nosniff', 'referrer-policy', 'no-referrer']),
      this.#html,
    )
  }
}

/** A strong entity tag (RFC 9110 section 8.8.3) of a text. */
export function entityTag(text: string | Uint8Array): string {
  return `"${process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`
}

function html({ title, base, json }: { readonly title: string; readonly base: string; readonly json: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" type="image/png" sizes="32x32" href="${base}/favicon-32x32.png">
<link rel="stylesheet" href="${base}/swagger-ui.css">
<link rel="stylesheet" href="${base}/docs.css">
</head>
<body>
<div id="docs" data-document="${escapeHtml(json)}" data-redirect="${base}/oauth2-redirect.html"></div>
<noscript>This page needs JavaScript; the description itself is at <a href="${escapeHtml(json)}">${escapeHtml(json)}</a>.</noscript>
<script src="${base}/swagger-ui-bundle.js"></script>
<script src="${base}/docs.js"></script>
</body>
</html>
`
}

/** How a page at `from` refers to `to`, so that both may be served under a further prefix. */
function relative(from: string, to: string): string {
  return '../'.repeat(from.split('/').length - 2) + to.slice(1)
}

/** Everything from here alone, but for the requests that a reader sends from the page: to the document's servers and token endpoints. */
function policy({ servers, components }: OpenApiDocument): string {
  const schemes = Object.values(components?.securitySchemes ?? {})
  const urls = [
    ...(servers ?? []).flatMap(serverUrls),
    ...schemes.flatMap((scheme) => {
      if (scheme.type === 'openIdConnect') return [scheme.openIdConnectUrl]
      return scheme.type === 'oauth2' ? Object.values(scheme.flows).flatMap((flow) => [flow.tokenUrl ?? '', flow.refreshUrl ?? '']) : []
    }),
  ]
  const origins = urls
    .flatMap((url) => (URL.canParse(url) ? [new URL(url).origin] : []))
    .filter((origin) => /^https?:\/\/[\w.:[\]-]+$/.test(origin))
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src ${["'self'", ...new Set(origins)].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** The URLs that a server stands for: one for each of the first values that its variables may have. */
function serverUrls({ url, variables = {} }: OpenApiServer): string[] {
  return Object.entries(variables).reduce<string[]>(
    (urls, [name, variable]) => {
      const values = new Set([variable.default, ...(variable.enum ?? [])])
      return urls.flatMap((each) => [...values].map((value) => each.replaceAll(`{${name}}`, value))).slice(0, 100)
    },
    [url],
  )
}
