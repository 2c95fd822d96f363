/**
 * The DNS suffix of each AWS partition, by the beginning of its regions' names; first match wins (AWS SDK endpoint
 * rules, `partitions.json`).
 */
const suffixes: readonly (readonly [prefix: string, suffix: string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['us-iso-', 'c2s.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
]
const commonSuffix = 'amazonaws.com'
const wellFormed = /^[a-z]{2,6}(-[a-z]+)+-\d{1,2}$/

/** `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`: the form only, since a list of regions would always be out of date. */
export function isAwsRegion(value: string): boolean {
  return wellFormed.test(value)
}

/** `bedrock-runtime` and `eu-west-1` → `bedrock-runtime.eu-west-1.amazonaws.com`, with the suffix of the region's partition. */
export function awsHost(service: string, region: string): string {
  const suffix = suffixes.find(([prefix]) => region.startsWith(prefix))?.[1] ?? commonSuffix
  return `${service}.${region}.${suffix}`
}
