import { segmentOf } from './segment-of.ts'

/** How far each segment of a build's predecessor came: up to there side effects were done, or are not to be done. */
export interface Handover {
  readonly segments: number
  readonly positions: readonly number[]
}

/** One version of a read model or subscription, as often as it was reset. */
export interface Build {
  /** `name@version`, and `.generation` from the second build of a version on. */
  readonly id: string
  readonly version: number
  readonly generation: number
  readonly segments: number
  /** In milliseconds since 1970. */
  readonly createdAt: number
  /** Set once side effects are this build's to do. */
  readonly handover?: Handover
}

/** The id of a build. */
export function buildId(name: string, version: number, generation: number): string {
  return `${name}@${version}${generation === 0 ? '' : `.${generation}`}`
}

/** Up to which position events of a stream were dealt with before the build took over. */
export function handoverPosition({ segments, positions }: Handover, stream: string): number {
  return positions[segmentOf(stream, segments)] ?? 0
}

/** The name of a build's own table: `orders_v2`. */
export function tableName(build: Pick<Build, 'version' | 'generation'>, name: string): string {
  return `${name}_v${build.version}${build.generation === 0 ? '' : `_${build.generation}`}`
}
