export type ThemeChoice = 'system' | 'light' | 'dark'

const KEY = 'tutti.console.theme'
const order: readonly ThemeChoice[] = ['system', 'light', 'dark']

function stored(): ThemeChoice {
  const choice = localStorage.getItem(KEY)
  return choice === 'light' || choice === 'dark' ? choice : 'system'
}

/** Light or dark, as the system says or as the user chose; remembered in this browser. */
class Theme {
  choice = $state<ThemeChoice>('system')
  #systemIsDark = $state(false)

  constructor() {
    const system = matchMedia('(prefers-color-scheme: dark)')
    this.#systemIsDark = system.matches
    system.addEventListener('change', () => (this.#systemIsDark = system.matches))
    this.set(stored())
  }

  get isDark(): boolean {
    return this.choice === 'system' ? this.#systemIsDark : this.choice === 'dark'
  }

  set(choice: ThemeChoice): void {
    this.choice = choice
    if (choice === 'system') {
      localStorage.removeItem(KEY)
      delete document.documentElement.dataset['theme']
    } else {
      localStorage.setItem(KEY, choice)
      document.documentElement.dataset['theme'] = choice
    }
  }

  next(): void {
    this.set(order[(order.indexOf(this.choice) + 1) % order.length] ?? 'system')
  }
}

export const theme = new Theme()
