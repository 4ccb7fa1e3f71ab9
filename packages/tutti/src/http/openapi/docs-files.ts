/** The files of the documentation page, beside the page itself. */
export const docsFiles = [
  'docs.js',
  'docs.css',
  'swagger-ui-bundle.js',
  'swagger-ui.css',
  'favicon-32x32.png',
  'oauth2-redirect.html',
  'oauth2-redirect.js',
] as const

/** One of them. */
export type DocsFile = (typeof docsFiles)[number]
