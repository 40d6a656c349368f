# Starts the processor of kafka-http-proxy 1.0.1 with its own configuration and loop: its command returns before it has begun.
import asyncio
import sys

from kafka_http_proxy.processor.config import ConfigLoader
from kafka_http_proxy.processor.service import DynamicTopicProcessor


async def main() -> None:
    processor = DynamicTopicProcessor(ConfigLoader.from_yaml(sys.argv[1]))
    await processor.start()
    while processor.running:
        await asyncio.sleep(1)


asyncio.run(main())
