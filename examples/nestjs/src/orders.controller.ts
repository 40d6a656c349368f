import { setTimeout as sleep } from 'node:timers/promises'
import { Controller } from '@nestjs/common'
import { Ctx, KafkaContext, MessagePattern, Payload, RpcException } from '@nestjs/microservices'
import { NEVER } from 'rxjs'

type Order = { orderId: string; amount: number }

/**
 * Answers the commands of the gateway. Where to, and for whom, Nest does by itself: what the handler returns goes to
 * kafka_replyTopic and kafka_replyPartition, and carries kafka_correlationId again, which is what the dialect "nestjs" writes.
 */
@Controller()
export class OrdersController {
  private readonly orders = new Map<string, Order>() // a real service has a database

  @MessagePattern(process.env.ORDERS_TOPIC ?? 'orders.commands')
  async answer(@Payload() order: Order, @Ctx() context: KafkaContext) {
    const { headers = {} } = context.getMessage()
    if (String(headers['http-method']) === 'POST') {
      this.orders.set(order.orderId, order)
      // a value with headers is a record: without them, the order alone would do, and the status would be 200
      return { value: order, headers: { 'sluice-status': '201' } }
    }
    return this.read(String(headers['http-param-orderId']))
  }

  private async read(orderId: string) {
    switch (
      orderId // what a client sees when a worker is in trouble: docs/peers.md
    ) {
      case 'broken':
        throw new Error('The database is gone.')
      case 'empty':
        return null
      case 'silent':
        return NEVER
      case 'slow':
        await sleep(300)
    }
    const order = this.orders.get(orderId)
    if (order === undefined) throw new RpcException({ status: 404, message: `no order ${orderId}` })
    return order
  }
}
