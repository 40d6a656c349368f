export { Subscription } from './subscription.ts'
export type { SubscriptionState } from './subscription.ts'
