import { untrack } from 'svelte'

/** A key, or keys one after the other (`g o`), that does something. */
export interface Shortcut {
  readonly keys: string
  readonly title: string
  readonly run: () => void
}

interface ShortcutGroup {
  readonly title: string
  readonly list: readonly Shortcut[]
}

/** How long the second key of a sequence may take. */
const PATIENCE = 1_500

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(?:input|textarea|select)$/i.test(target.tagName))
}

/** The keyboard shortcuts of the page and of the view that is shown. */
class Shortcuts {
  #groups = $state.raw<readonly ShortcutGroup[]>([])
  #pressed = ''
  #pressedAt = 0

  get groups(): readonly ShortcutGroup[] {
    return this.#groups
  }

  /** Adds shortcuts until the returned function is called. Call it in an effect. */
  add(title: string, list: readonly Shortcut[]): () => void {
    const group = { title, list }
    // Whoever adds does not depend on what others add.
    this.#groups = [...untrack(() => this.#groups), group]
    return () => (this.#groups = this.#groups.filter((one) => one !== group))
  }

  readonly press = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return
    if (document.querySelector('dialog[open]') !== null) return
    const started = event.timeStamp - this.#pressedAt < PATIENCE ? this.#pressed : ''
    const all = this.#groups.flatMap(({ list }) => list)
    const found = all.find(({ keys }) => keys === `${started} ${event.key}`) ?? all.find(({ keys }) => keys === event.key)
    this.#pressed = found === undefined ? event.key : ''
    this.#pressedAt = event.timeStamp
    if (found === undefined) return
    event.preventDefault()
    found.run()
  }
}

export const shortcuts = new Shortcuts()
