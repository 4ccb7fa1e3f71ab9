import { App, type AppOptions } from 'tutti'

/** An application that logs nothing. */
export function appOf(http: AppOptions['http'] = {}): App {
  return new App({ name: 't', log: { level: 'silent' }, docs: false, http })
}
