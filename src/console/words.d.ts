import type { Circuit, Policy } from './sections.d.ts'

export function duration(ms: number): string
export function trimmed(value: number): string
export function size(bytes: number): string
export function circuitText(circuit: Circuit): string
export function circuitLook(circuit: Circuit): 'good' | 'warn' | 'bad'
export function policyText(policy: Policy): string
export function isHot(policy: Policy): boolean
