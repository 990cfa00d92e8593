using System.Diagnostics;
using Npgsql;
using PgListener.Durable.Membership;

namespace PgListener.Durable.Tests.Membership;

/// <summary>Who holds what, as the server says.</summary>
internal sealed record LockTable(IReadOnlyDictionary<int, int> Holders, IReadOnlyList<int> Members)
{
    /// <summary>How long anything may take. It is reached only when something is broken.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>How many shards each member holds.</summary>
    public IReadOnlyList<int> Shares => [.. Members.Select(member => Holders.Values.Count(holder => holder == member)).OrderDescending()];

    public static async Task<LockTable> ReadAsync(NpgsqlDataSource dataSource, int subscription = 1)
    {
        await using var command = dataSource.CreateCommand(
            $"""
            SELECT (classid::bigint << 32) | objid::bigint, pid FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND classid::bigint >> 8 = {AdvisoryKey.Prefix}
            """);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var holders = new Dictionary<int, int>();
        var members = new List<int>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            var (id, slot) = AdvisoryKey.Parse(reader.GetInt64(0));
            if (id != subscription)
                continue;
            if (slot == AdvisoryKey.MemberSlot)
                members.Add(reader.GetInt32(1));
            else
                holders.Add(slot, reader.GetInt32(1)); // Throws if there are two holders.
        }

        return new(holders, members);
    }

    /// <summary>Waits until the locks are as expected.</summary>
    /// <returns>How long that took.</returns>
    public static async Task<TimeSpan> WaitAsync(NpgsqlDataSource dataSource, Func<LockTable, bool> isExpected)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var table = await ReadAsync(dataSource);
            if (isExpected(table))
                return watch.Elapsed;
            if (watch.Elapsed > Limit)
                Assert.Fail($"Not within {Limit}. The holders are {string.Join(", ", table.Holders)}, the members {string.Join(", ", table.Members)}.");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until something holds in this process.</summary>
    public static async Task<TimeSpan> UntilAsync(Func<bool> isTrue, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!isTrue())
        {
            if (watch.Elapsed > Limit)
                Assert.Fail($"Not within {Limit}: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        }

        return watch.Elapsed;
    }
}
