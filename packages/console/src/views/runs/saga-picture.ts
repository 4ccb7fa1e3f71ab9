import type { ConsoleRunDetail, ConsoleWorkflow } from 'tutti/console'
import type { GraphEdge, GraphNode } from '../../components/graph/graph-model.ts'

type Saga = NonNullable<ConsoleWorkflow['graph']>
type Node = Saga['nodes'][number]
type Detail = Pick<ConsoleRunDetail, 'run' | 'steps'>

/** A saga as a graph. */
export interface SagaPicture {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
}

/** Where an edge begins, and what is written on it. */
interface Exit {
  readonly id: string
  readonly title?: string
}

/** The picture of a saga; with a run it tells how far that has come. */
export function sagaPicture(saga: Saga, detail?: Detail): SagaPicture {
  const picture = new Drawing(detail)
  const ends = picture.walk(saga.nodes, [picture.end('start', 'Start')])
  picture.connect(ends, picture.end('finish', detail === undefined ? 'End' : detail.run.state).id)
  return picture
}

class Drawing implements SagaPicture {
  readonly nodes: GraphNode[] = []
  readonly edges: GraphEdge[] = []
  readonly #detail: Detail | undefined

  constructor(detail: Detail | undefined) {
    this.#detail = detail
  }

  end(id: string, title: string): Exit {
    this.nodes.push({ id, title, kind: id === 'start' ? 'saga' : 'end' })
    return { id }
  }

  connect(exits: readonly Exit[], to: string): void {
    for (const { id, title } of exits) this.edges.push({ from: id, to, title })
  }

  /** Draws nodes one behind the other; gives where what follows them begins. */
  walk(nodes: readonly Node[], entries: readonly Exit[]): readonly Exit[] {
    return nodes.reduce((exits, node) => this.#draw(node, exits), entries)
  }

  #draw(node: Node, entries: readonly Exit[]): readonly Exit[] {
    if (node.kind === 'parallel') return Object.values(node.branches).flatMap((branch) => this.walk(branch, entries))
    const { name, kind } = described(node)
    const id = `node-${this.nodes.length}`
    this.nodes.push({ id, title: name, kind, ...this.#progress(node.kind === 'sleep' ? undefined : name) })
    this.connect(entries, id)
    if (node.kind !== 'branch') return [{ id }]
    return [...this.walk(node.do, [{ id, title: 'yes' }]), ...this.walk(node.otherwise, [{ id, title: 'no' }])]
  }

  #progress(name: string | undefined): Pick<GraphNode, 'tone' | 'note' | 'isCurrent'> {
    if (this.#detail === undefined || name === undefined) return {}
    const { run, steps } = this.#detail
    if (run.waitsFor.some((wait) => nameOf(wait.step) === name)) return { tone: 'accent', note: 'waits', isCurrent: true }
    const step = steps.findLast((one) => one.kind !== 'undo' && nameOf(one.step) === name)
    if (step === undefined)
      return run.failure?.path !== undefined && nameOf(run.failure.path) === name ? { tone: 'bad', note: 'failed' } : {}
    if (step.failure !== undefined) return { tone: 'bad', note: 'failed' }
    return step.undo === 'done' ? { tone: 'warn', note: 'undone' } : { tone: 'good', note: 'done' }
  }
}

function described(node: Exclude<Node, { kind: 'parallel' }>): { readonly name: string; readonly kind: string } {
  switch (node.kind) {
    case 'wait':
      return { name: node.signal, kind: node.within === undefined ? 'signal' : `signal within ${node.within}` }
    case 'sleep':
      return { name: String(node.time), kind: 'sleep' }
    case 'branch':
      return { name: node.name, kind: 'decision' }
    case 'run':
      return { name: node.name, kind: `run of ${node.workflow.name}` }
    default:
      return { name: node.name, kind: node.kind }
  }
}

/** The name of a step in the path of a journal's line: `label/print#2` is of `print`. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/#\d+$/, '')
}
