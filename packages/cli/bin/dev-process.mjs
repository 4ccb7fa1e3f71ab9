// The process that `tutti dev` starts for each version of the sources.
import { serve } from '@tutti/cli/dev-process'

await serve(JSON.parse(process.argv[2]))
