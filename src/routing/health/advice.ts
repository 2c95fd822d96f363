import type { FailureReason } from '../../core/failure.ts'

/** What to look at first, by what went wrong. */
const advice: Readonly<Record<FailureReason, string>> = {
  authentication:
    'Check that the key or secret is complete, has not expired or been revoked, and belongs to this provider and endpoint.',
  permission:
    'Check that the account or role behind the credential may use this model: its policies, its project, and whether access to the model was granted.',
  model_not_found:
    'Check the spelling of the provider’s own model id or deployment, and that this account and endpoint have it.',
  model_deprecated: 'The provider no longer serves this model; name its successor.',
  region:
    'Check the region or location, and that the provider serves this model, and the place the gateway calls from, there.',
  quota: 'Check the balance, the billing and the quotas of the account at the provider.',
  rate_limit: 'The provider is limiting the account’s requests at the moment; try again later.',
  provider_down:
    'The provider failed or did not speak its protocol; check the base URL and the provider’s status page.',
  network:
    'Check the base URL, DNS, firewalls and the proxy between the gateway and the provider, and `upstream.allow_networks` for private addresses.',
  timeout:
    'Check that the endpoint is reachable from the gateway and not overloaded; a model that is being loaded may need another try.',
}

export function adviceOn(reason: FailureReason): string {
  return advice[reason]
}
