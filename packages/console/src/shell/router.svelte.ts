import { changedQuery, placeOf, type Place, type QueryChanges } from './routing.ts'

/** The Console's own path, which the server wrote into the page. */
const base = new URL('.', document.baseURI).pathname

/** Where the user is; every view and filter has an address. */
class Router {
  #url = $state.raw(new URL(location.href))
  readonly #place = $derived(placeOf(this.#url, base))

  constructor() {
    addEventListener('popstate', () => (this.#url = new URL(location.href)))
  }

  get place(): Place {
    return this.#place
  }

  /** The path and query, relative to the Console's path. */
  get here(): string {
    return this.#url.pathname.slice(base.length) + this.#url.search
  }

  /** Goes to a link as `href` makes it. With `replace` the step back leads past the place that is left. */
  go(link: string, options: { readonly replace?: boolean } = {}): void {
    const url = new URL(link, document.baseURI)
    if (url.href === location.href) return
    if (options.replace) history.replaceState(null, '', url)
    else history.pushState(null, '', url)
    this.#url = url
  }

  /** Changes filters in the address of the view that is shown. */
  filter(changes: QueryChanges): void {
    const url = new URL(this.#url)
    url.search = changedQuery(url.searchParams, changes).toString()
    this.go(url.href, { replace: true })
  }

  /** Follows a click on a link within the Console without loading the page anew. */
  readonly click = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || link.target !== '' || link.hasAttribute('download')) return
    const url = new URL(link.href)
    if (url.origin !== location.origin || !url.pathname.startsWith(base) || url.pathname.startsWith(`${base}api/`)) return
    event.preventDefault()
    this.go(link.href)
  }
}

export const router = new Router()
