import type { Proof } from '../proof.ts'
import { deadWorker } from './dead-worker.ts'
import { fairness } from './fairness.ts'
import { metastable } from './metastable.ts'
import { overload } from './overload.ts'
import { ownConsumer } from './own-consumer.ts'
import { stuckPartition } from './stuck-partition.ts'

/** What is promised of the gateway under load and failure, and put to the test on a real broker. */
export const proofs: readonly Proof[] = [overload, metastable, deadWorker, fairness, stuckPartition, ownConsumer]
