import type { Component } from 'svelte'
import type { ConsoleApp } from 'tutti/console'
import type { IconName } from '../components/icons.ts'

/** A view of the Console: one folder, loaded when it is first shown. */
export interface View {
  /** The first part of its address, below the Console's path; empty for the view that is shown first. */
  readonly name: string
  readonly title: string
  /** One line for the command palette. */
  readonly about: string
  readonly icon: IconName
  readonly group: 'Now' | 'Events' | 'Work' | 'System'
  /** The letter that opens it after `g`. */
  readonly key: string
  /** What the application has to have for the view to show anything. */
  readonly needs?: keyof ConsoleApp['has']
  readonly load: () => Promise<{ readonly default: Component }>
}

/** All views, in the order of the navigation. A new one is a folder with `view.svelte` and an entry here. */
export const views: readonly View[] = [
  {
    name: '',
    title: 'Overview',
    about: 'Rates, errors, latency, lag, runs and health at a glance',
    icon: 'overview',
    group: 'Now',
    key: 'o',
    load: () => import('./overview/view.svelte'),
  },
  {
    name: 'routes',
    title: 'Routes',
    about: 'What the application answers; send a request',
    icon: 'routes',
    group: 'Now',
    key: 'r',
    load: () => import('./routes/view.svelte'),
  },
  {
    name: 'traces',
    title: 'Traces',
    about: 'What happened, from the request to the last consumer',
    icon: 'traces',
    group: 'Now',
    key: 't',
    needs: 'telemetry',
    load: () => import('./traces/view.svelte'),
  },
  {
    name: 'logs',
    title: 'Logs',
    about: 'What the application says, live',
    icon: 'logs',
    group: 'Now',
    key: 'l',
    needs: 'telemetry',
    load: () => import('./logs/view.svelte'),
  },
  {
    name: 'metrics',
    title: 'Metrics',
    about: 'Any instrument as a chart',
    icon: 'metrics',
    group: 'Now',
    key: 'm',
    load: () => import('./metrics/view.svelte'),
  },
  {
    name: 'events',
    title: 'Events',
    about: 'Everything that has happened, live; streams; causes and effects',
    icon: 'events',
    group: 'Events',
    key: 'e',
    needs: 'events',
    load: () => import('./events/view.svelte'),
  },
  {
    name: 'aggregates',
    title: 'Aggregates',
    about: 'The state of anything at any version',
    icon: 'aggregates',
    group: 'Events',
    key: 'a',
    needs: 'events',
    load: () => import('./aggregates/view.svelte'),
  },
  {
    name: 'projections',
    title: 'Projections',
    about: 'How far read models and subscriptions are; pause, rebuild',
    icon: 'projections',
    group: 'Events',
    key: 'p',
    needs: 'projections',
    load: () => import('./projections/view.svelte'),
  },
  {
    name: 'commands',
    title: 'Commands',
    about: 'Commands and queries: send or ask one from a form',
    icon: 'messages',
    group: 'Events',
    key: 'c',
    needs: 'messages',
    load: () => import('./commands/view.svelte'),
  },
  {
    name: 'runs',
    title: 'Runs',
    about: 'Workflows and sagas: what they did and what they wait for',
    icon: 'runs',
    group: 'Work',
    key: 'w',
    needs: 'workflows',
    load: () => import('./runs/view.svelte'),
  },
  {
    name: 'schedules',
    title: 'Schedules',
    about: 'Next and last times; run now, pause',
    icon: 'schedules',
    group: 'Work',
    key: 's',
    needs: 'schedules',
    load: () => import('./schedules/view.svelte'),
  },
  {
    name: 'topics',
    title: 'Topics',
    about: 'Consumers and how far behind they are',
    icon: 'link',
    group: 'Work',
    key: 'k',
    needs: 'topics',
    load: () => import('./topics/view.svelte'),
  },
  {
    name: 'dead-letters',
    title: 'Dead letters',
    about: 'What could not be handled; replay, edit, discard',
    icon: 'deadLetters',
    group: 'Work',
    key: 'd',
    load: () => import('./dead-letters/view.svelte'),
  },
  {
    name: 'map',
    title: 'Map',
    about: 'What the application is made of, with what flows',
    icon: 'map',
    group: 'System',
    key: 'x',
    load: () => import('./map/view.svelte'),
  },
  {
    name: 'audit',
    title: 'Audit',
    about: 'What was changed through the Console, and by whom',
    icon: 'audit',
    group: 'System',
    key: 'u',
    load: () => import('./audit/view.svelte'),
  },
]

/** The view of an address; `undefined` where there is none. */
export const viewNamed = (name: string): View | undefined => views.find((view) => view.name === name)
