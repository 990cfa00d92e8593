using Microsoft.Extensions.Logging;
using Npgsql;

namespace PgListener.Dispatch;

/// <summary>What all subscriptions of a listener share.</summary>
internal sealed record DispatchContext(
    OptionsInForce Options,
    Backpressure Backpressure,
    LastGood LastGood,
    Func<CancellationToken, ValueTask<NpgsqlConnection>> OpenConnection,
    TimeProvider Time,
    ILogger Logger);
