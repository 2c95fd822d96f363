import { describe, expect, it } from 'vitest'
import { awsHost, isAwsRegion } from './aws-regions.ts'

describe('awsHost', () => {
  it.each([
    ['us-east-1', 'sts.us-east-1.amazonaws.com'],
    ['us-gov-west-1', 'sts.us-gov-west-1.amazonaws.com'],
    ['cn-north-1', 'sts.cn-north-1.amazonaws.com.cn'],
    ['eusc-de-east-1', 'sts.eusc-de-east-1.amazonaws.eu'],
    ['us-iso-east-1', 'sts.us-iso-east-1.c2s.ic.gov'],
    ['us-isob-east-1', 'sts.us-isob-east-1.sc2s.sgov.gov'],
    ['us-isof-south-1', 'sts.us-isof-south-1.csp.hci.ic.gov'],
    ['eu-isoe-west-1', 'sts.eu-isoe-west-1.cloud.adc-e.uk'],
  ])('%s → %s', (region, host) => {
    expect(awsHost('sts', region)).toBe(host)
    expect(isAwsRegion(region)).toBe(true)
  })
})

describe('isAwsRegion', () => {
  it.each(['', 'us', 'us-east', 'us-east-1.evil.com', 'us-east-1/', 'US-EAST-1', 'us-east-1#'])(
    'refuses %j',
    (text) => {
      expect(isAwsRegion(text)).toBe(false)
    },
  )
})
