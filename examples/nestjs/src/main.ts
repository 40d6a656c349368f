import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { Transport, type MicroserviceOptions } from '@nestjs/microservices'
import { OrdersModule } from './orders.module.js'

const app = await NestFactory.createMicroservice<MicroserviceOptions>(OrdersModule, {
  transport: Transport.KAFKA,
  options: {
    client: { brokers: (process.env.KAFKA_BROKERS ?? 'localhost:9092').split(',') },
    consumer: {
      groupId: process.env.ORDERS_GROUP ?? 'orders',
      allowAutoTopicCreation: false, // the gateway creates it, with the right number of partitions
      metadataMaxAge: 5_000,
    },
    postfixId: '', // or the group would be called orders-server
    subscribe: { fromBeginning: true },
    producer: { allowAutoTopicCreation: false },
  },
  logger: ['log', 'warn', 'error'],
})
app.enableShutdownHooks()
await app.listen()
