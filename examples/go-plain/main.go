// An order service that answers Sluice's commands with franz-go: KAFKA_BROKERS=host:port go run .
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The clocks of gateway and worker may differ by this much.
const clockSkew = time.Second

type Order struct {
	OrderID string `json:"orderId"`
	Amount  int64  `json:"amount"`
}

// A real service has a database.
var orders = map[string]Order{}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(env("KAFKA_BROKERS", "localhost:9092"), ",")...),
		kgo.ConsumeTopics(env("ORDERS_TOPIC", "orders.commands")),
		kgo.ConsumerGroup(env("ORDERS_GROUP", "orders")),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(), // after the answers, below
		kgo.MetadataMaxAge(5*time.Second),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), // the gateway says where it reads
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
			for _, partitions := range topics {
				log.Printf("joined, %d partitions", len(partitions))
			}
		}),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	for {
		commands := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return
		}
		var replies []*kgo.Record
		commands.EachRecord(func(command *kgo.Record) {
			if reply := answer(command); reply != nil {
				replies = append(replies, reply)
			}
		})
		// what is not answered must not be committed: the next member of the group will answer it
		if err := client.ProduceSync(ctx, replies...).FirstErr(); err != nil {
			log.Fatal(err)
		}
		if err := client.CommitUncommittedOffsets(ctx); err != nil {
			log.Print(err)
		}
	}
}

// The answer to a command; nil when nobody waits for one.
func answer(command *kgo.Record) *kgo.Record {
	headers := map[string]string{}
	for _, header := range command.Headers {
		headers[header.Key] = string(header.Value)
	}
	if expires, err := strconv.ParseInt(headers["sluice-expires"], 10, 64); err == nil && time.Now().UnixMilli() > expires+clockSkew.Milliseconds() {
		return nil
	}
	topic, correlation := headers["sluice-reply-to"], headers["sluice-correlation-id"]
	partition, err := strconv.Atoi(headers["sluice-reply-partition"])
	if topic == "" || correlation == "" || err != nil {
		return nil
	}
	status, body, err := handle(headers, command.Value)
	if errors.Is(err, errSilent) {
		return nil
	}
	if err != nil {
		log.Print(err) // and answered all the same: without an answer the client would wait until the gateway gives up
		status, body = 500, problem("the order service failed")
	}
	reply := &kgo.Record{Topic: topic, Partition: int32(partition), Key: command.Key}
	if body != nil {
		reply.Value, _ = json.Marshal(body)
	}
	reply.Headers = []kgo.RecordHeader{
		{Key: "sluice-correlation-id", Value: []byte(correlation)},
		{Key: "sluice-status", Value: []byte(strconv.Itoa(status))},
		{Key: "content-type", Value: []byte("application/json")},
	}
	if parent := headers["traceparent"]; parent != "" { // one trace, from the client and back
		reply.Headers = append(reply.Headers, kgo.RecordHeader{Key: "traceparent", Value: []byte(parent)})
	}
	return reply
}

var errSilent = errors.New("silent")

func handle(headers map[string]string, value []byte) (int, any, error) {
	if headers["http-method"] == "POST" {
		var order Order
		if err := json.Unmarshal(value, &order); err != nil {
			return 400, problem("the body is no order"), nil
		}
		orders[order.OrderID] = order
		return 201, order, nil
	}
	id := headers["http-param-orderId"]
	switch id { // what a client sees when a worker is in trouble: docs/peers.md
	case "broken":
		return 0, nil, errors.New("the database is gone")
	case "empty":
		return 204, nil, nil
	case "silent":
		return 0, nil, errSilent
	case "slow":
		time.Sleep(300 * time.Millisecond)
	}
	order, found := orders[id]
	if !found {
		return 404, problem("no order " + id), nil
	}
	return 200, order, nil
}

func problem(text string) map[string]string { return map[string]string{"error": text} }

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
