import { describe, expect, it } from 'vitest'
import type { ConsoleEvent, ConsoleMap, ConsoleRunDetail, ConsoleWorkflow } from 'tutti/console'
import { layOut, nodeSize } from '../src/components/graph/graph-model.ts'
import { filtersOf, fitsFilters, queryOf } from '../src/views/events/event-filters.ts'
import { mapPicture } from '../src/views/map/map-picture.ts'
import { nameOf, sagaPicture } from '../src/views/runs/saga-picture.ts'
import { timelineOf } from '../src/views/runs/timeline.ts'

const saga: NonNullable<ConsoleWorkflow['graph']> = {
  name: 'fulfil',
  version: 1,
  nodes: [
    { kind: 'step', name: 'reserve', run: 'reserve' },
    {
      kind: 'branch',
      name: 'expensive',
      when: 'expensive',
      do: [{ kind: 'wait', signal: 'approval', within: '3d', onTimeout: 'fail' }],
      otherwise: [],
    },
    {
      kind: 'parallel',
      branches: { label: [{ kind: 'step', name: 'label', run: 'label' }], fee: [{ kind: 'step', name: 'fee', run: 'fee' }] },
    },
  ],
}

function run(changes: Partial<ConsoleRunDetail['run']> = {}): ConsoleRunDetail['run'] {
  return {
    ...{ id: 'o-1', workflow: 'fulfil', version: 1, state: 'running', tenant: undefined, input: {}, output: undefined, failure: undefined },
    ...{
      problem: undefined,
      waitsFor: [],
      recorded: 0,
      inbox: 0,
      owner: undefined,
      endedAt: undefined,
      deadline: undefined,
      due: undefined,
    },
    ...{ createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z', parent: undefined },
    ...changes,
  }
}

function step(name: string, changes: Partial<ConsoleRunDetail['steps'][number]> = {}): ConsoleRunDetail['steps'][number] {
  const at = '2026-01-01T00:00:01.000Z'
  return { step: name, kind: 'step', endedAt: at, took: 500, attempts: 1, result: 1, failure: undefined, undo: 'none', ...changes }
}

describe('the picture of a saga', () => {
  it('has every way through it', () => {
    const { nodes, edges } = sagaPicture(saga)
    const title = (id: string): string => nodes.find((node) => node.id === id)?.title ?? id
    expect(edges.map(({ from, to, title: text }) => [title(from), title(to), text].filter(Boolean).join(' '))).toEqual([
      'Start reserve',
      'reserve expensive',
      'expensive approval yes',
      'approval label',
      'expensive label no',
      'approval fee',
      'expensive fee no',
      'label End',
      'fee End',
    ])
  })

  it('tells how far a run has come', () => {
    const waitsFor = [{ step: 'approval', kind: 'signal' as const }]
    const steps = [step('reserve', { undo: 'done' }), step('expensive'), step('label/label', { failure: { name: 'Error', message: 'no' } })]
    const { nodes } = sagaPicture(saga, { run: run({ state: 'waiting', waitsFor }), steps })
    const told = Object.fromEntries(nodes.map(({ title, note, tone }) => [title, [note, tone]]))
    expect(told).toMatchObject({
      reserve: ['undone', 'warn'],
      expensive: ['done', 'good'],
      approval: ['waits', 'accent'],
      label: ['failed', 'bad'],
      fee: [undefined, undefined],
    })
  })

  it('knows steps by the last part of their paths', () => {
    expect([nameOf('reserve'), nameOf('label/print'), nameOf('a/b/charge#12')]).toEqual(['reserve', 'print', 'charge'])
  })
})

it('a timeline lays the steps of a run into its time', () => {
  const [first, second] = timelineOf(run(), [step('a'), step('b', { endedAt: '2026-01-01T00:00:02.000Z', took: 1_000 })])
  expect(first).toMatchObject({ left: 0.25, width: 0.25 })
  expect(second).toMatchObject({ left: 0.5, width: 0.5 })
  expect(timelineOf(run(), [])).toEqual([])
})

it('a graph leads one way, and keeps its nodes apart', () => {
  const nodes = ['a', 'b', 'c'].map((id) => ({ id, title: id, kind: 'step' }))
  const edges = [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'c' },
    { from: 'c', to: 'gone' },
  ]
  const [a, b, c] = layOut(nodes, edges, 'right')
  expect([a?.x, b?.x, c?.x].map(Number)).toEqual([a?.x, b?.x, c?.x].map(Number).toSorted((one, other) => one - other))
  expect((b?.x ?? 0) - (a?.x ?? 0)).toBeGreaterThan(nodeSize.width)
})

describe('filters of events', () => {
  const event: ConsoleEvent = {
    ...{ id: 'e', type: 'order.placed', version: 1, stream: 'order-1', streamVersion: 1, position: 7, time: '2026-01-01T12:00:00.000Z' },
    ...{ tenant: 'acme', actor: undefined, correlationId: 'c', causationId: undefined, traceId: undefined, data: {}, metadata: {} },
  }
  const fits = (query: string): boolean => fitsFilters(event, filtersOf(new URLSearchParams(query)))

  it('hold for what comes live as for what was asked for', () => {
    expect(['', 'text=order-1', 'text=order-*', 'types=order.paid,%20order.placed', 'tenant=acme', 'correlation=c'].every(fits)).toBe(true)
    expect(['text=order-', 'text=stock-*', 'types=order.paid', 'tenant=other', 'correlation=d', 'from=2027-01-01T00:00'].some(fits)).toBe(
      false,
    )
  })

  it('are asked for as the API takes them', () => {
    const asked = (query: string): unknown => queryOf(filtersOf(new URLSearchParams(query)))
    expect(asked('text=order-*&types=a,b,')).toMatchObject({ streams: 'order-', types: 'a,b' })
    expect(asked('text=order-1')).toMatchObject({ stream: 'order-1' })
    expect(asked('from=never')).toMatchObject({ from: undefined })
  })
})

describe('the map', () => {
  const map: ConsoleMap = {
    nodes: [
      { id: 'route:GET /orders', kind: 'route', name: 'GET /orders', module: 'orders' },
      { id: 'command:order.place', kind: 'command', name: 'order.place', module: 'orders' },
      { id: 'event:order.placed', kind: 'event', name: 'order.placed', module: 'orders' },
      { id: 'projection:list', kind: 'projection', name: 'list', module: 'lists' },
    ],
    edges: [
      { from: 'command:order.place', to: 'event:order.placed', source: 'declared' },
      { from: 'event:order.placed', to: 'projection:list', source: 'observed' },
    ],
  }
  const drawn = (changes: Partial<Parameters<typeof mapPicture>[1]> = {}) =>
    mapPicture(map, { traffic: { nodes: {} }, text: '', module: '', all: false, ...changes })

  it('shows what is joined, and all of it on demand', () => {
    expect(drawn().nodes).toHaveLength(3)
    expect(drawn({ all: true }).nodes).toHaveLength(4)
    expect(drawn().edges.map(({ dashed }) => dashed)).toEqual([false, true])
  })

  it('shows what fits with what it is joined to', () => {
    expect(drawn({ module: 'lists' }).nodes.map(({ title }) => title)).toEqual(['order.placed', 'list'])
    expect(drawn({ text: 'GET' }).nodes.map(({ title }) => title)).toEqual(['GET /orders'])
  })

  it('tells what flows, and where something fails', () => {
    const traffic = { nodes: { 'event:order.placed': { count: 3, errors: 0 }, 'projection:list': { count: 3, errors: 1 } } }
    const { nodes, edges } = drawn({ traffic })
    expect(nodes.find(({ title }) => title === 'list')).toMatchObject({ note: '3/s', tone: 'bad', link: 'projections/list' })
    expect(edges.map(({ busy }) => busy)).toEqual([false, true])
  })
})
