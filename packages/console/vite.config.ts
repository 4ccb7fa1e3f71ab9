import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig, type Plugin } from 'vite'

/** The application whose API the page talks to while it is developed. */
const target = process.env['TUTTI_CONSOLE_APP'] ?? 'http://127.0.0.1:8000'

/** While the page is developed, this stands for the application, which tells the page its path. */
const basePath: Plugin = {
  name: 'console-base-path',
  apply: 'serve',
  transformIndexHtml: () => [{ tag: 'base', attrs: { href: '/console/' }, injectTo: 'head-prepend' }],
}

/** Files are compressed once, here, and not at each request. */
const compressed: Plugin = {
  name: 'console-compressed',
  apply: 'build',
  writeBundle({ dir = '' }, bundle) {
    const files = Object.keys(bundle).filter((file) => /^assets\/.+\.(?:js|css)$/.test(file))
    for (const file of files) writeFileSync(join(dir, `${file}.gz`), gzipSync(readFileSync(join(dir, file)), { level: 9 }))
  },
}

export default defineConfig(({ command }) => ({
  // Built files are found relative to each other, so that they can be served below any path.
  base: command === 'serve' ? '/console/' : './',
  plugins: [basePath, compressed, svelte({ configFile: false, compilerOptions: { runes: true } })],
  server: { proxy: { '/console/api': { target, changeOrigin: true, headers: { origin: target } } } },
  build: {
    target: 'es2024',
    manifest: true,
    modulePreload: { polyfill: false },
    // Everything is a file of our own: the Console's content security policy knows no `data:` scripts or styles.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // A busy machine is no news.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
}))
