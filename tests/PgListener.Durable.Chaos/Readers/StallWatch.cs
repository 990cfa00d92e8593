using Npgsql;

namespace PgListener.Durable.Chaos.Readers;

/// <summary>Takes down when the process has stood still: then the server may have ended its sessions, and another reader taken over.</summary>
internal sealed class StallWatch(string connectionString, string name)
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(200);

    private readonly List<(DateTimeOffset Begun, DateTimeOffset Ended)> _stalls = [];

    /// <summary>Watches until the end.</summary>
    public async Task RunAsync(CancellationToken ended)
    {
        var last = DateTimeOffset.UtcNow;
        while (!ended.IsCancellationRequested)
        {
            await Task.Delay(Beat, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var now = DateTimeOffset.UtcNow;
            if (now - last > Settings.StallLimit)
                _stalls.Add((last, now));
            if (_stalls.Count > 0)
                await WriteAsync();
            last = now;
        }
    }

    /// <summary>The server may be down; then it is written later.</summary>
    private async Task WriteAsync()
    {
        try
        {
            await using var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync();
            while (_stalls.Count > 0)
            {
                await using var command = new NpgsqlCommand("insert into stall values ($1, $2, $3)", connection)
                {
                    Parameters = { new() { Value = name }, new() { Value = _stalls[0].Begun }, new() { Value = _stalls[0].Ended } },
                };
                await command.ExecuteNonQueryAsync();
                _stalls.RemoveAt(0);
            }
        }
        catch (NpgsqlException)
        {
            // It is tried again with the next beat.
        }
    }
}
