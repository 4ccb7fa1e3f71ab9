export { errorCodes, type ErrorCode } from './error-codes.ts'
export { OptionError, TuttiError, type TuttiErrorOptions } from './errors.ts'
export { currentContext, runInContext, runOutsideContext, type Actor, type Context, type TraceContext } from './context.ts'
export type { Baggage, BaggageEntry } from './context.ts'
export { deriveContext, type ContextChanges } from './derived-context.ts'
export { spannedContext, unspannedContext } from './spanned-context.ts'
export { milliseconds, type Duration } from './duration.ts'
export { bytes, type Size } from './size.ts'
export { systemClock, type Clock, type Timer } from './clock.ts'
export { idTime, isId, newId } from './id.ts'
export { retry, retryDelay, resolveRetry, type RetryCallOptions, type RetryOptions, type RetryPolicy } from './retry.ts'
export { circuitBreaker, type CircuitBreaker, type CircuitBreakerOptions, type CircuitState } from './circuit-breaker.ts'
export { type CircuitClosed, type CircuitHalfOpen, type CircuitOpen } from './circuit-breaker.ts'
export { bulkhead, type Bulkhead, type BulkheadOptions } from './bulkhead.ts'
export { createLifecycle, type Lifecycle, type LifecycleHook, type LifecycleOptions, type LifecycleState } from './lifecycle.ts'
export { dependency, type Dependency, type DependencyFactory, type DependencyFunction, type DependencyOptions } from './dependency.ts'
export {
  type ConfigOf,
  type DependencyScope,
  type FactoryInputs,
  type Needs,
  type Register,
  type RegisteredConfig,
  type Resolved,
} from './dependency.ts'
export { createBackground, type Background, type BackgroundOptions } from './background.ts'
export { createContainer, type Container, type ContainerOptions } from './container.ts'
export type { RequestScope } from './request-scope.ts'

// Symbols above are relevant to applications. Symbols below only for Tutti's other folders.
export { sleepOn } from './clock.ts'
export { withinTime, type TimeLimit } from './time-limit.ts'
export { Wakeup } from './wakeup.ts'
export { layered, type Layer } from './layered.ts'
export { shown } from './shown.ts'
export { errorFacts, reasonText, type ErrorFacts } from './failures.ts'
