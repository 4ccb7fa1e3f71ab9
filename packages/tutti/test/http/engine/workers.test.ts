import { describe, expect, it } from 'vitest'
import { App } from '../../../src/index.ts'
import { Child } from './child.ts'
import { Load } from './load.ts'

/** The process ids of all that have started so far. */
function started(child: Child): number[] {
  return [...child.stdout.matchAll(/^started (\d+)$/gm)].map(([, pid]) => Number(pid))
}

function stopped(child: Child): number[] {
  return [...child.stdout.matchAll(/^stopped (\d+)$/gm)].map(([, pid]) => Number(pid))
}

/** Whether a process is there. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('workers', () => {
  it('serve on one port, each with a lifecycle of its own, and not in the process that supervises them', async () => {
    await using child = new Child({ app: { workers: 2 } })
    const url = await child.url()
    expect(started(child)).toHaveLength(2)
    expect(started(child)).not.toContain(child.process.pid)
    const pids = new Set<number>()
    await expect
      .poll(async () => {
        const response = await fetch(`${url}/pid`, { headers: { connection: 'close' } })
        return pids.add(Number(await response.text())).size
      })
      .toBe(2)
    expect([...pids].toSorted()).toEqual(started(child).toSorted())
  })

  it('are all drained by SIGTERM to the process that supervises them', async () => {
    await using child = new Child({ app: { workers: 2 } })
    const load = new Load(`${await child.url()}/`)
    await expect.poll(() => load.answered).toBeGreaterThan(200)
    const pids = started(child)
    child.signal('SIGTERM')
    expect(await child.exit).toBe(0)
    await load.stop()
    expect(load.failures).toEqual([])
    expect(child.begun).toBe(load.answered)
    expect(stopped(child).toSorted()).toEqual(pids.toSorted())
    expect(pids.filter(lives)).toEqual([])
  })

  it('are replaced when one is killed under load, which fails no more than what ran on its connections', async () => {
    await using child = new Child({ app: { workers: 2 } })
    // Node never answers a connection that was on its way to the worker when that was killed.
    const load = new Load(`${await child.url()}/`, { connections: 8, patience: 8000 })
    await expect.poll(() => load.answered).toBeGreaterThan(200)
    const [victim] = started(child) as [number]
    process.kill(victim, 'SIGKILL')
    await expect.poll(() => started(child).length).toBe(3)
    const before = load.answered
    await expect.poll(() => load.answered).toBeGreaterThan(before + 200)
    await load.stop()
    expect(load.failures.length + load.turnedAway).toBeLessThanOrEqual(8)
    expect(child.stdout + child.stderr).toContain(`Worker ${victim} was ended by SIGKILL`)
    child.signal('SIGTERM')
    expect(await child.exit).toBe(0)
  })

  for (const signal of ['SIGHUP', 'SIGUSR2'] as const) {
    it(`are renewed one by one by ${signal} without a failed request`, async () => {
      await using child = new Child({ app: { workers: 2, log: { level: 'info' } } })
      const load = new Load(`${await child.url()}/`)
      await expect.poll(() => load.answered).toBeGreaterThan(200)
      const old = started(child)
      child.signal(signal)
      await child.until(/All workers have been renewed/)
      const before = load.answered
      await expect.poll(() => load.answered).toBeGreaterThan(before + 200)
      await load.stop()
      expect(load.failures).toEqual([])
      expect(load.turnedAway).toBe(0)
      expect(started(child)).toHaveLength(4)
      expect(old.filter(lives)).toEqual([])
      child.signal('SIGTERM')
      expect(await child.exit).toBe(0)
      expect(child.begun).toBe(load.answered)
    })
  }

  it('drain and end when the process that supervises them is killed', async () => {
    await using child = new Child({ app: { workers: 2 } })
    await child.url()
    const pids = started(child)
    child.signal('SIGKILL')
    await expect.poll(() => pids.filter(lives)).toEqual([])
    await child.exit
    expect(stopped(child).toSorted()).toEqual(pids.toSorted())
  })

  it('end at once with a second signal', async () => {
    await using child = new Child({ app: { workers: 2, drainTimeout: '60s' } })
    const url = await child.url()
    const never = fetch(`${url}/never`).catch(() => 'cut')
    await child.until(/never began/)
    const pids = started(child)
    child.signal('SIGTERM')
    const again = setInterval(() => child.signal('SIGTERM'), 150)
    expect(await child.exit).toBe(1)
    clearInterval(again)
    expect(await never).toBe('cut')
    await expect.poll(() => pids.filter(lives)).toEqual([])
  })

  it('are a number that can be meant', () => {
    for (const workers of [-1, 1.5, 2000]) expect(() => new App({ workers })).toThrow(/wanted "auto", or a whole number/)
    expect(() => new App({ workers: 'auto' })).not.toThrow()
  })
})
