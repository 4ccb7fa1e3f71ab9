export { processOf, type ProcessStorage } from '../../src/testing/conformance/process-storage.ts'
