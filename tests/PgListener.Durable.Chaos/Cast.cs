using PgListener.Durable.Chaos.Logs;
using PgListener.Durable.Chaos.Readers.Handlers;

namespace PgListener.Durable.Chaos;

/// <summary>The subscriptions of a run, and what each promises.</summary>
internal static class Cast
{
    /// <summary>The promises.</summary>
    public static IReadOnlyList<Promise> Promises { get; } =
    [
        new(nameof(RecordingHandler), KeepsOrder: true, IsEffectivelyOnce: false),
        new(nameof(ConcurrentHandler), KeepsOrder: true, IsEffectivelyOnce: false),
        new(nameof(BlockingHandler), KeepsOrder: true, IsEffectivelyOnce: false),
        new(nameof(KeyParkingHandler), KeepsOrder: true, IsEffectivelyOnce: false),
        new(nameof(ParkingHandler), KeepsOrder: false, IsEffectivelyOnce: false),
        new(nameof(TransactionHandler), KeepsOrder: true, IsEffectivelyOnce: true),
        new(nameof(ConcurrentTransactionHandler), KeepsOrder: true, IsEffectivelyOnce: true),
    ];
}
