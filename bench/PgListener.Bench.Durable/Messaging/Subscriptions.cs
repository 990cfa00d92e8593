using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Bench;

/// <summary>Adds one subscription, or ten: the same handler class with another type argument is a class of its own to the listener.</summary>
internal static class Subscriptions
{
    public static void Add(PgListenerBuilder builder, ConsumerSettings settings)
    {
        builder.AddHandler<BenchMessage, BenchMessageHandler>(handler => handler.Durable.Shards = settings.Shards);
        if (settings.Subscriptions == 1)
            return;
        if (settings.Subscriptions != 10)
            throw new BenchException($"There are 1 or 10 subscriptions, not {settings.Subscriptions}.");

        builder
            .AddHandler<BenchMessage, OtherHandler<byte>>()
            .AddHandler<BenchMessage, OtherHandler<sbyte>>()
            .AddHandler<BenchMessage, OtherHandler<short>>()
            .AddHandler<BenchMessage, OtherHandler<ushort>>()
            .AddHandler<BenchMessage, OtherHandler<int>>()
            .AddHandler<BenchMessage, OtherHandler<uint>>()
            .AddHandler<BenchMessage, OtherHandler<long>>()
            .AddHandler<BenchMessage, OtherHandler<ulong>>()
            .AddHandler<BenchMessage, OtherHandler<double>>();
    }

    private sealed class OtherHandler<T> : INotificationHandler<BenchMessage>
    {
        public Task HandleAsync(Notification<BenchMessage> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
