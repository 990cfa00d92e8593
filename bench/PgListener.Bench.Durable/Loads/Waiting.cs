using Npgsql;

namespace PgListener.Bench;

/// <summary>Messages that wait, all of them from the beginning.</summary>
internal sealed record Waiting(IMessaging Messaging, int Count) : ILoad
{
    public MeterOrder Order => new() { Count = Count, IsShared = true };

    public Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) => Messaging.FillAsync(dataSource, Count, cancellationToken);
}
