import type { Health, HealthParts } from './health.ts'

/** What makes checks, whose code is loaded when somebody asks for the first time. */
export async function openHealth(parts: HealthParts): Promise<Health> {
  const { Health } = await import('./health.ts')
  return new Health(parts)
}
