/**
 * Members by which a client could tell an upstream router to go elsewhere, or with other credentials, than what was
 * authorised (design §3): OpenRouter's, LiteLLM's and their kin, and the addresses that vLLM's and SGLang's
 * disaggregated serving reads. Compared without regard to case, since some upstreams read names that way.
 */
const names: ReadonlySet<string> = new Set([
  'models',
  'route',
  'router',
  'provider',
  'providers',
  'fallbacks',
  'context_window_fallbacks',
  'content_policy_fallbacks',
  'base_url',
  'endpoint',
  'endpoint_id',
  'deployment_id',
  'engine',
  'organization',
  'custom_llm_provider',
  'model_list',
  'model_info',
  'user_config',
  'router_settings_override',
  'customer_credentials',
  'extra_body',
  'extra_headers',
  'extra_query',
  'headers',
  'proxy_server_request',
  'kv_transfer_params',
  'bootstrap_host',
  'bootstrap_port',
  'bootstrap_room',
])

const prefixed = /^(?:litellm|api|aws|azure|vertex|mock)_/

/** Whether a top-level member must not reach the upstream; `more` are the preset's own names, in lower case. */
export function isRoutingField(name: string, more: readonly string[] = []): boolean {
  const lower = name.toLowerCase()
  return names.has(lower) || more.includes(lower) || prefixed.test(lower)
}
