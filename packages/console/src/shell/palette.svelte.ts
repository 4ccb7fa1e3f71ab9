import { untrack } from 'svelte'
import type { ConsoleRoute, ConsoleRun, Page } from 'tutti/console'
import { get } from '../api/client.ts'
import type { IconName } from '../components/icons.ts'
import { views } from '../views/catalogue.ts'
import { bestMatches } from './matching.ts'
import { router } from './router.svelte.ts'
import { href } from './routing.ts'
import { session } from './session.svelte.ts'
import { theme } from './theme.svelte.ts'

/** Something that the command palette offers. */
export interface Offer {
  readonly kind: 'View' | 'Action' | 'Route' | 'Run' | 'Trace'
  readonly title: string
  readonly about: string
  readonly icon: IconName
  readonly keys?: string
  readonly run: () => void
}

const MOST = 50

/** What can be reached from the keyboard by its name. */
class Palette {
  isOpen = $state(false)
  typed = $state('')
  #routes = $state.raw<readonly Offer[]>([])
  #runs = $state.raw<readonly Offer[]>([])
  #actions = $state.raw<readonly Offer[]>([])
  readonly offers: readonly Offer[] = $derived.by(() => this.#matching())

  open(): void {
    this.typed = ''
    this.#runs = []
    this.isOpen = true
    void this.#loadRoutes()
  }

  /** Offers actions of a view as long as it is shown. Call it in an effect. */
  offer(actions: readonly Offer[]): () => void {
    this.#actions = [...untrack(() => this.#actions), ...actions]
    return () => (this.#actions = this.#actions.filter((one) => !actions.includes(one)))
  }

  /** Looks for runs whose id begins with what was typed. */
  async searchRuns(signal: AbortSignal): Promise<void> {
    const text = this.typed.trim()
    if (text.length < 2 || session.app?.has.workflows !== true) {
      this.#runs = []
      return
    }
    // Without an answer, the other offers still stand.
    const found = await get<Page<ConsoleRun>>('runs', { text, limit: 8 }, signal).catch(() => undefined)
    if (signal.aborted) return
    this.#runs = (found?.items ?? []).map((run) => ({
      kind: 'Run',
      title: run.id,
      about: `${run.workflow}, ${run.state}`,
      icon: 'runs',
      run: () => router.go(href(['runs', run.workflow, run.id])),
    }))
  }

  #matching(): readonly Offer[] {
    const all = [...this.#views(), ...this.#actions, ...this.#own(), ...this.#routes]
    const matches = bestMatches(this.typed, all, ({ title, about }) => `${title} ${about}`)
    return [...this.#trace(), ...matches.slice(0, MOST), ...this.#runs]
  }

  #views(): readonly Offer[] {
    return views.map(({ name, title, about, icon, key }) => ({
      kind: 'View',
      title,
      about,
      icon,
      keys: `g ${key}`,
      run: () => router.go(href([name].filter(Boolean))),
    }))
  }

  #own(): readonly Offer[] {
    const themes = (['light', 'dark', 'system'] as const).map((choice) => ({
      kind: 'Action' as const,
      title: choice === 'system' ? 'Colours as the system says' : `${choice === 'light' ? 'Light' : 'Dark'} colours`,
      about: 'Appearance',
      icon: choice === 'system' ? ('system' as const) : choice === 'light' ? ('sun' as const) : ('moon' as const),
      run: () => theme.set(choice),
    }))
    return themes
  }

  /** The id of a trace leads to it. */
  #trace(): readonly Offer[] {
    const id = this.typed.trim().toLowerCase()
    if (!/^[0-9a-f]{32}$/.test(id)) return []
    return [{ kind: 'Trace', title: id, about: 'Open the trace', icon: 'traces', run: () => router.go(href(['traces', id])) }]
  }

  async #loadRoutes(): Promise<void> {
    const routes = await get<readonly ConsoleRoute[]>('routes').catch(() => undefined)
    if (routes === undefined) return
    this.#routes = routes.map(({ method, path, summary, module }) => ({
      kind: 'Route',
      title: `${method} ${path}`,
      about: summary ?? module ?? '',
      icon: 'routes',
      run: () => router.go(href(['routes'], { route: `${method} ${path}` })),
    }))
  }
}

export const palette = new Palette()
