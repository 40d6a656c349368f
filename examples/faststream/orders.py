"""An order service with FastStream that answers the commands of the gateway.

Where to, and for whom, FastStream does by itself: what the handler returns goes to the topic in `reply_to` and carries
`correlation_id` again, which is what the dialect "faststream" writes.
"""

import asyncio
import os
import traceback

from faststream import ExceptionMiddleware, FastStream
from faststream.exceptions import AckMessage
from faststream.kafka import KafkaBroker, KafkaMessage, KafkaResponse
from pydantic import BaseModel

failures = ExceptionMiddleware()
broker = KafkaBroker(os.environ.get("KAFKA_BROKERS", "localhost:9092").split(","), middlewares=[failures])
app = FastStream(broker)


class Order(BaseModel):
    orderId: str
    amount: int = 0


orders: dict[str, Order] = {}  # a real service has a database


@failures.add_handler(Exception, publish=True)
def failed(failure: Exception) -> KafkaResponse:
    """Answers what fails: without it the record would be skipped, and its client see 504."""
    traceback.print_exception(failure)
    return KafkaResponse({"error": "the order service failed"}, headers={"sluice-status": "500"})


@broker.subscriber(
    os.environ.get("ORDERS_TOPIC", "orders.commands"),
    group_id=os.environ.get("ORDERS_GROUP", "orders"),
    auto_offset_reset="earliest",
)
async def answer(body: dict, command: KafkaMessage) -> KafkaResponse | Order | None:
    if command.headers["http-method"] == "POST":
        order = Order(**body)
        orders[order.orderId] = order
        return KafkaResponse(order, headers={"sluice-status": "201"})
    return await read(command.headers["http-param-orderId"])


async def read(order_id: str) -> KafkaResponse | Order | None:
    match order_id:  # what a client sees when a worker is in trouble: docs/peers.md
        case "broken":
            raise RuntimeError("The database is gone.")
        case "empty":
            return None
        case "silent":
            raise AckMessage
        case "slow":
            await asyncio.sleep(0.3)
    if order_id not in orders:
        return KafkaResponse({"error": f"no order {order_id}"}, headers={"sluice-status": "404"})
    return orders[order_id]


@app.after_startup
async def joined() -> None:
    print("started", flush=True)


if __name__ == "__main__":
    asyncio.run(app.run())
