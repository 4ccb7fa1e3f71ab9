import type { SignalInput, SignalSources } from './signal-source.ts'

declare const types: unique symbol

/** A workflow as those see it who start it: its name and version, and what goes in and comes out. */
export interface WorkflowType<Input = unknown, Output = unknown, Signals extends SignalSources = SignalSources> {
  readonly kind: 'workflow'
  readonly name: string
  readonly version: number
  readonly signals: Signals
  readonly [types]?: { readonly input: Input; readonly output: Output }
}

/** What a workflow is started with. */
export type InputOf<W> = W extends WorkflowType<infer Input, unknown> ? Input : never

/** What a run of a workflow comes to. */
export type OutputOf<W> = W extends WorkflowType<unknown, infer Output> ? Output : never

/** The names of the signals that a run of a workflow takes. */
export type SignalNameOf<W> = W extends WorkflowType<unknown, unknown, infer Signals> ? keyof Signals & string : never

/** What is sent with a signal. */
export type SignalInputOf<W, Name> =
  W extends WorkflowType<unknown, unknown, infer Signals> ? (Name extends keyof Signals ? SignalInput<Signals[Name]> : never) : never
