import { auditContract } from './suite/audit.suite.ts'
import { blobsContract } from './suite/blobs.suite.ts'
import { evidenceContract } from './suite/evidence.suite.ts'
import type { CreateHarness } from './suite/harness.suite.ts'
import { leasesContract } from './suite/leases.suite.ts'
import { poolContract } from './suite/pool.suite.ts'
import { registryContract } from './suite/registry.suite.ts'

/** What every store must do. */
export function storeContract(name: string, createHarness: CreateHarness): void {
  blobsContract(name, createHarness)
  registryContract(name, createHarness)
  auditContract(name, createHarness)
  poolContract(name, createHarness)
  leasesContract(name, createHarness)
  evidenceContract(name, createHarness)
}
