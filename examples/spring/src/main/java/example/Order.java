package example;

record Order(String orderId, long amount) {}
