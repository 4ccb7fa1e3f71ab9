import { OptionError } from '../kernel/index.ts'

/** A reusable part of what `Host` is: it may use whatever an application may, from routes and middleware to hooks and dependencies. */
export interface PluginOf<Host> {
  readonly name: string
  /** Names of plugins that must be set up before this one. */
  readonly needs?: readonly string[]
  /** Called once, when the application starts, before its routes are compiled. */
  setup(app: Host): void | Promise<void>
}

/** Whether something given to `app.use` is a plugin. */
export function isPlugin(item: unknown): item is PluginOf<never> {
  return (
    typeof item === 'object' &&
    item !== null &&
    'setup' in item &&
    typeof item.setup === 'function' &&
    'name' in item &&
    typeof item.name === 'string'
  )
}

/** Plugins in the order in which they must be set up. Throws for doubles, for missing needs and for circles. */
export function orderPlugins<P extends PluginOf<never>>(plugins: readonly P[]): P[] {
  const byName = new Map<string, P>()
  for (const plugin of plugins) {
    if (byName.has(plugin.name))
      throw new OptionError(`The plugin ${JSON.stringify(plugin.name)} is used twice; use it once.`, { code: 'TUTTI_PLUGIN_INVALID' })
    byName.set(plugin.name, plugin)
  }
  const ordered = new Set<P>()
  const visit = (plugin: P, path: readonly string[]): void => {
    if (ordered.has(plugin)) return
    if (path.includes(plugin.name)) {
      throw new OptionError(`Plugins need each other in a circle: ${[...path, plugin.name].join(' → ')}.`, { code: 'TUTTI_PLUGIN_INVALID' })
    }
    for (const name of plugin.needs ?? []) {
      const needed = byName.get(name)
      if (needed === undefined) {
        throw new OptionError(
          `The plugin ${JSON.stringify(plugin.name)} needs the plugin ${JSON.stringify(name)}, which is not used; add it with app.use.`,
          { code: 'TUTTI_PLUGIN_MISSING' },
        )
      }
      visit(needed, [...path, plugin.name])
    }
    ordered.add(plugin)
  }
  for (const plugin of plugins) visit(plugin, [])
  return [...ordered]
}
