#!/usr/bin/env node
import { run } from '@tutti/cli'

process.exitCode = await run(process.argv.slice(2))
