import { auditEndpoints } from './audit.ts'
import { connectionEndpoints } from './connections/endpoints.ts'
import { credentialEndpoints } from './credentials/endpoints.ts'
import { revealEndpoint, type RevealDeps } from './credentials/reveal.ts'
import { type ValidateDeps, validateEndpoints } from './credentials/validate.ts'
import type { CredentialViewDeps } from './credentials/view.ts'
import type { Endpoint } from './endpoint.ts'
import { explainEndpoint, type ExplainDeps } from './explain.ts'
import { keyEndpoints } from './keys.ts'
import { modelEndpoints, type ModelDeps } from './models/endpoints.ts'
import { type HealthDeps, healthEndpoints } from './models/health.ts'
import { providerEndpoints } from './providers.ts'
import { routeEndpoints } from './routes.ts'
import { teamEndpoints } from './teams.ts'

export type EndpointDeps = ModelDeps &
  CredentialViewDeps &
  RevealDeps &
  ValidateDeps &
  HealthDeps &
  ExplainDeps

/** All of the control plane, in the order of its document. A path that is named goes before one with a parameter. */
export function adminEndpoints(deps: EndpointDeps): Endpoint[] {
  return [
    ...validateEndpoints(deps),
    ...credentialEndpoints(deps),
    revealEndpoint(deps),
    ...modelEndpoints(deps),
    ...connectionEndpoints(deps),
    ...healthEndpoints(deps),
    explainEndpoint(deps),
    ...providerEndpoints(deps.providers),
    ...teamEndpoints(deps),
    ...keyEndpoints(deps),
    ...routeEndpoints(deps),
    ...auditEndpoints(deps),
  ]
}
