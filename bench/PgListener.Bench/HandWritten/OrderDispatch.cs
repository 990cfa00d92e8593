using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PgListener.Bench;

/// <summary>From payload to handler, as the hand-written services do it.</summary>
internal static partial class OrderDispatch
{
    public static async Task DispatchAsync(string payload, IServiceScopeFactory scopes, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            var order = JsonSerializer.Deserialize(payload, BenchJson.Default.BenchOrder) ?? throw new JsonException("The payload is null.");
            await using var scope = scopes.CreateAsyncScope();
            var handler = scope.ServiceProvider.GetRequiredService<IOrderHandler>();
            await handler.HandleAsync(order, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // One bad notification must not end the listening.
            LogFailed(logger, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A notification could not be handled.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
