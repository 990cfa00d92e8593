using Npgsql;
using PgListener.Durable.Log;

namespace PgListener.Durable.Tests.Log;

/// <summary>A reader of the log, that handles what it reads at once.</summary>
internal sealed class Walk(NpgsqlConnection connection, LogChannel channel)
{
    public LogPosition Position { get; set; } = LogPosition.Beginning;

    /// <summary>Reads pages until a window is at its end.</summary>
    public async Task<List<string>> ReadWindowAsync(int limit = 100, long maxBytes = 100_000, long clusterBase = 0)
    {
        var read = new List<string>();
        LogPage page;
        do
        {
            page = await LogReader.ReadAsync(connection, channel, Position, clusterBase, limit, maxBytes, TestContext.Current.CancellationToken);
            read.AddRange(page.Messages.Select(message => message.Payload));
            Position = page.After(Position);
        }
        while (!page.IsLast);

        return read;
    }
}
