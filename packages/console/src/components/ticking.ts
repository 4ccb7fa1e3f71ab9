import { createSubscriber } from 'svelte/reactivity'

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, 1_000)
  return () => clearInterval(timer)
})

/** The time now; what reads it is shown again each second. */
export function now(): number {
  subscribe()
  return Date.now()
}
