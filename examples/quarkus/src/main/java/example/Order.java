package example;

public record Order(String orderId, long amount) {}
